"""BPE as SentencePiece does it, out of tokens and scores."""

from __future__ import annotations

from itertools import pairwise

from tokenizers import Tokenizer, decoders, models, normalizers

from msm_mlx.gguf_import.source import GgufSource
from msm_mlx.gguf_import.vocabulary import TokenType, Vocabulary

SPACE = "▁"


def sentencepiece_tokenizer(source: GgufSource, vocabulary: Vocabulary) -> Tokenizer:
    """The tokenizer without its added tokens.

    Raises:
        SetupError: if a byte has no token, or none stands for what is unknown.
    """
    ids = {token: index for index, token in enumerate(vocabulary.tokens)}
    if missing := [value for value in range(256) if f"<0x{value:02X}>" not in ids]:
        problem = f"has no token for {len(missing)} of the 256 bytes, so its tokenizer cannot be rebuilt"
        raise source.problem(problem, "choose another model")
    unknown = vocabulary.text("unknown") or next(vocabulary.of_type(TokenType.UNKNOWN), None)
    model = models.BPE(vocab=ids, merges=merges_of(vocabulary), unk_token=unknown, fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(model)
    spaces = normalizers.Replace(" ", SPACE)
    words = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.normalizer = spaces
    if vocabulary.add_space_prefix:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), spaces])
        words.append(decoders.Strip(content=" ", left=1))
    tokenizer.decoder = decoders.Sequence(words)
    return tokenizer


def merges_of(vocabulary: Vocabulary) -> list[tuple[str, str]]:
    """Every way in which two tokens give a third, the one with the highest score first.

    SentencePiece merges the neighbours whose union has the highest score; BPE those whose merge stands first.
    """
    kinds = (TokenType.NORMAL, TokenType.USER_DEFINED)
    rows = zip(vocabulary.tokens, vocabulary.types, vocabulary.scores, strict=True)
    scores = {token: score for token, kind, score in rows if kind in kinds}
    ranked: list[tuple[float, int, int, str, str]] = []
    for token, score in scores.items():
        for place in range(1, len(token)):
            left, right = token[:place], token[place:]
            if left in scores and right in scores:
                ranked.append((score, len(left), len(right), left, right))
    ranked.sort(key=lambda merge: merge[:3], reverse=True)
    return [(left, right) for *_, left, right in ranked]


def segment(text: str, vocabulary: Vocabulary) -> list[int]:
    """The ids of a text by SentencePiece's own rule, one merge at a time. Slow: it is there to be compared with.

    Of equal scores the leftmost is merged first.
    """
    kinds = (TokenType.NORMAL, TokenType.USER_DEFINED)
    rows = zip(vocabulary.tokens, vocabulary.types, vocabulary.scores, strict=True)
    scores = {token: score for token, kind, score in rows if kind in kinds}
    symbols = list((SPACE if vocabulary.add_space_prefix else "") + text.replace(" ", SPACE))
    while True:
        unions = [left + right for left, right in pairwise(symbols)]
        candidates = [place for place, union in enumerate(unions) if union in scores]
        if not candidates:
            break
        best = max(candidates, key=lambda place: (scores[unions[place]], -place))
        symbols[best : best + 2] = [unions[best]]
    ids = {token: index for index, token in enumerate(vocabulary.tokens)}
    pieces = [[symbol] if symbol in scores else [f"<0x{byte:02X}>" for byte in symbol.encode()] for symbol in symbols]
    return [ids[piece] for group in pieces for piece in group]
