"""Finds out which of llama.cpp's tokenizers a tokenizer of transformers is: the way back from `tokenizer`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from msm_mlx.gguf_files.byte_level import PRE_TOKENIZERS, PreTokenizer
from msm_mlx.gguf_files.sentencepiece import SPACE
from msm_mlx.gguf_files.source import GgufError
from msm_mlx.gguf_files.tokenizer import PROBES
from msm_mlx.gguf_files.vocabulary import BYTE_LEVEL, SENTENCEPIECE, TokenType, Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# where the ways of cutting a text differ: digits, capitals, contractions, composed letters, line breaks
CUTS = (
    *PROBES,
    "camelCase HTTPServer McDonald",
    "12345 3½ ٣٤",
    "It'S they'LL WE'd",
    "e\u0301 A\u030a",
    " \n \n\nx\r\n/ /\n",
)
REMEDY = "use --format fused or mlx, which keep the tokenizer as it is"


def recognise(
    tokenizer: PreTrainedTokenizerFast, rows: int, *, stops: Sequence[int], template: str | None, path: Path
) -> Vocabulary:
    """The vocabulary of a file that has this tokenizer.

    Args:
        rows: of the embeddings; each has a token in the file.
        stops: the ids of the tokens that end a reply, the main one first.
        template: the chat template that the file has.
        path: the file, for messages.

    Raises:
        GgufError: if it is none that llama.cpp has.
    """
    backend = tokenizer.backend_tokenizer
    model = json.loads(backend.to_str())["model"]
    tokens, types = _tokens(backend, model, rows, path)
    is_sentencepiece = bool(model.get("byte_fallback"))
    first = tokenizer.encode("the")
    return Vocabulary(
        SENTENCEPIECE if is_sentencepiece else BYTE_LEVEL,
        "default" if is_sentencepiece else _pre_tokenizer(backend, model, path),
        tokens,
        types,
        _scores(tokens, types, model["merges"]) if is_sentencepiece else (),
        () if is_sentencepiece else [" ".join(_pair(merge)) for merge in model["merges"]],
        _special(tokenizer, stops),
        add_bos=tokenizer.bos_token_id is not None and first[0] == tokenizer.bos_token_id,
        add_eos=tokenizer.eos_token_id is not None and first[-1] == tokenizer.eos_token_id,
        add_space_prefix=is_sentencepiece and backend.encode("the", add_special_tokens=False).tokens[0][0] == SPACE,
        chat_template=template,
    )  # fmt: skip


def check_same(
    tokenizer: PreTrainedTokenizerFast, rebuilt: PreTrainedTokenizerFast, texts: Iterable[str], path: Path
) -> None:
    """Check that what the import makes of the vocabulary encodes texts of many kinds, and these `texts`, as the
    tokenizer does.

    Raises:
        GgufError: if one is encoded in another way.
    """
    for text in (*CUTS, *texts):
        if tokenizer.encode(text) != rebuilt.encode(text):
            raise _unknown(path, f"{text[:60]!r} would be encoded in another way")


def _tokens(backend: Tokenizer, model: Mapping[str, Any], rows: int, path: Path) -> tuple[list[str], list[int]]:
    """The text and the type of every token, in their order. A row of the embeddings without a token gets one that
    no text gives, as llama.cpp's converter does it."""
    if model["type"] != "BPE" or not model["merges"]:
        raise _unknown(path, f"it is of the kind {model['type']}, and BPE can be told")
    texts = {index: token for token, index in backend.get_vocab(with_added_tokens=True).items()}
    if max(texts) >= rows:
        raise _unknown(path, f"its token {max(texts)} is beyond the {rows} rows of the embeddings")
    types = dict.fromkeys(texts, TokenType.NORMAL)
    if model.get("byte_fallback"):
        octets = {f"<0x{value:02X}>" for value in range(256)}
        types |= {index: TokenType.BYTE for index, token in texts.items() if token in octets}
    added = backend.get_added_tokens_decoder()
    types |= {index: TokenType.CONTROL if token.special else TokenType.USER_DEFINED for index, token in added.items()}
    types |= {index: TokenType.UNKNOWN for index, token in texts.items() if token == model.get("unk_token")}
    if model.get("byte_fallback"):
        texts |= _with_spaces(texts, types)
    tokens = [texts.get(index, f"[PAD{index}]") for index in range(rows)]
    return tokens, [int(types.get(index, TokenType.UNUSED)) for index in range(rows)]


def _with_spaces(texts: Mapping[int, str], types: Mapping[int, int]) -> dict[int, str]:
    """Tokens that are found in a text before it is cut, such as runs of spaces, as they stand in that text."""
    plain = {index: texts[index].replace(SPACE, " ") for index, kind in types.items() if kind == TokenType.USER_DEFINED}
    return {index: text for index, text in plain.items() if text not in texts.values()}


def _pre_tokenizer(backend: Tokenizer, model: Mapping[str, Any], path: Path) -> str:
    """llama.cpp's name of the way in which a text is cut before merging."""
    cuts = list(_cuts(backend.normalizer, backend.pre_tokenizer))
    alike = [name for name, each in PRE_TOKENIZERS.items() if list(_cuts(*_steps(each))) == cuts]
    whole_pieces = bool(model.get("ignore_merges"))
    for name in alike:
        if PRE_TOKENIZERS[name].whole_pieces == whole_pieces:
            return name
    if alike and _merges_reach_all(model):
        return alike[0]
    raise _unknown(path, f"it cuts text in a way that is none of {', '.join(PRE_TOKENIZERS)}")


def _steps(each: PreTokenizer) -> tuple[normalizers.Normalizer | None, pre_tokenizers.PreTokenizer]:
    return normalizers.NFC() if each.composed else None, pre_tokenizers.Sequence(list(each.steps()))


def _cuts(normalizer: Any, pre_tokenizer: Any) -> Iterator[list[str]]:
    for text in CUTS:
        normal = normalizer.normalize_str(text) if normalizer else text
        yield [piece for piece, _ in pre_tokenizer.pre_tokenize_str(normal)] if pre_tokenizer else [normal]


def _merges_reach_all(model: Mapping[str, Any]) -> bool:
    """Whether merging alone gives every token, so that it is all the same whether a piece that is one stays whole."""
    merging = models.BPE(vocab=model["vocab"], merges=[_pair(merge) for merge in model["merges"]])
    return all([piece.value for piece in merging.tokenize(token)] == [token] for token in model["vocab"])


def _pair(merge: str | Sequence[str]) -> tuple[str, str]:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right


def _scores(tokens: Sequence[str], types: Sequence[int], merges: Sequence[Any]) -> list[float]:
    """Of each token, by which SentencePiece merges: the earlier its merge stands, the higher. Zero for all that no
    text is merged to."""
    ranks: dict[str, int] = {}
    for merge in merges:
        ranks.setdefault("".join(_pair(merge)), len(ranks))
    return [
        -1.0 - ranks.get(token, len(ranks)) if kind == TokenType.NORMAL else 0.0
        for token, kind in zip(tokens, types, strict=True)
    ]


def _special(tokenizer: PreTrainedTokenizerFast, stops: Sequence[int]) -> dict[str, int]:
    ids: dict[str, Any] = {"bos": tokenizer.bos_token_id, "unknown": tokenizer.unk_token_id}
    ids |= dict(zip(("eos", "eot", "eom"), stops, strict=False))
    return {name: index for name, index in (ids | {"padding": tokenizer.pad_token_id}).items() if index is not None}


def _unknown(path: Path, problem: str) -> GgufError:
    return GgufError(path, f"its tokenizer is none that llama.cpp has: {problem}", REMEDY)
