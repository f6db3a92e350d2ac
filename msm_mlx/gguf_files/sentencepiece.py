"""BPE as SentencePiece does it, out of tokens and scores."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from tokenizers import Tokenizer, decoders, models, normalizers

from msm_mlx.gguf_files.source import GgufSource
from msm_mlx.gguf_files.vocabulary import TokenType, Vocabulary

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
    scores = _scores(vocabulary)
    ranked: list[tuple[float, int, int, str, str]] = []
    for token, score in scores.items():
        for place in range(1, len(token)):
            left, right = token[:place], token[place:]
            if left in scores and right in scores:
                ranked.append((score, len(left), len(right), left, right))
    ranked.sort(key=lambda merge: merge[:3], reverse=True)
    return [(left, right) for *_, left, right in ranked]


def segment(text: str, vocabulary: Vocabulary) -> list[int]:
    """The ids of a text by the rule of SentencePiece and llama.cpp, one merge at a time; slow, to be compared with.

    What the vocabulary defines as a piece of its own, such as a run of spaces, is taken out first, the longest first.
    """
    scores, ids = _scores(vocabulary), {token: index for index, token in enumerate(vocabulary.tokens)}
    defined = sorted(vocabulary.of_type(TokenType.USER_DEFINED), key=len, reverse=True)
    parts = re.split(f"({'|'.join(map(re.escape, filter(None, defined)))})", text) if defined else [text]
    tokens: list[str] = []
    for number, part in enumerate(parts):
        if number % 2:
            tokens.append(part)
        elif part:
            tokens += _merge(list((SPACE if vocabulary.add_space_prefix else "") + part.replace(" ", SPACE)), scores)
    return [ids[token] for token in tokens]


def _merge(symbols: list[str], scores: Mapping[str, float]) -> Iterator[str]:
    """Merge the neighbours with the highest score, of equal ones the leftmost, until none are left; letters without a
    token become their bytes."""
    while candidates := [
        (-scores[left + right], place)
        for place, (left, right) in enumerate(pairwise(symbols))
        if left + right in scores
    ]:
        _, best = min(candidates)
        symbols[best : best + 2] = [symbols[best] + symbols[best + 1]]
    for symbol in symbols:
        yield from [symbol] if symbol in scores else (f"<0x{byte:02X}>" for byte in symbol.encode())


def _scores(vocabulary: Vocabulary) -> dict[str, float]:
    """Of the tokens that merges can give."""
    rows = zip(vocabulary.tokens, vocabulary.types, vocabulary.scores, strict=True)
    return {token: score for token, kind, score in rows if kind == TokenType.NORMAL}
