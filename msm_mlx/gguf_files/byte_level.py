"""Byte-level BPE out of tokens, merges and the name of a pre-tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from msm_mlx.gguf_files.source import GgufSource
from msm_mlx.gguf_files.vocabulary import Vocabulary

_CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_WORDS = r"|[^\r\n\p{L}\p{N}]?\p{L}+"
_LETTER = r"\p{Lm}\p{Lo}\p{M}"  # neither capital nor small
_TEKKEN = (
    rf"[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}{_LETTER}]*[\p{{Ll}}{_LETTER}]+"
    rf"|[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}{_LETTER}]+[\p{{Ll}}{_LETTER}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class PreTokenizer:
    """How a text is cut before merging, as the tokenizer.json of these families has it."""

    pattern: str | None
    """None for the pattern of GPT-2."""
    single_digits: bool = False
    """Whether each digit stands alone, before anything else is cut."""
    composed: bool = False
    """Whether the text is brought into Unicode's form NFC first."""
    whole_pieces: bool = False
    """Whether a piece that is a token stays whole, whatever the merges say."""

    def steps(self) -> Sequence[pre_tokenizers.PreTokenizer]:
        digits = [pre_tokenizers.Digits(individual_digits=True)] if self.single_digits else []
        if self.pattern is None:
            return [*digits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
        split = pre_tokenizers.Split(Regex(self.pattern), "isolated")
        return [*digits, split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]


_LLAMA3 = PreTokenizer(_CONTRACTIONS + _WORDS + r"|\p{N}{1,3}" + _REST, whole_pieces=True)
_QWEN2 = PreTokenizer(_CONTRACTIONS + _WORDS + r"|\p{N}" + _REST, composed=True)
PRE_TOKENIZERS = {
    "llama-bpe": _LLAMA3, "llama3": _LLAMA3, "llama-v3": _LLAMA3, "falcon3": _LLAMA3,
    "qwen2": _QWEN2, "deepseek-r1-qwen": _QWEN2,
    "smollm": PreTokenizer(None, single_digits=True),
    "gpt-2": PreTokenizer(None),
    "tekken": PreTokenizer(_TEKKEN, whole_pieces=True),
}  # fmt: skip


def byte_level_tokenizer(source: GgufSource, vocabulary: Vocabulary) -> Tokenizer:
    """The tokenizer without its added tokens. Bytes that have no token are left out of a text, as in the original.

    Raises:
        SetupError: if the pre-tokenizer is not known, or a merge gives no token.
    """
    if vocabulary.pre_tokenizer not in PRE_TOKENIZERS:
        problem = f"cuts text by {vocabulary.pre_tokenizer!r}; {', '.join(PRE_TOKENIZERS)} can be rebuilt"
        if vocabulary.pre_tokenizer == "default":
            problem = "does not say how its tokenizer cuts text"
        raise source.problem(f"{problem}", "convert the model again with a current llama.cpp, or choose another")
    cutter = PRE_TOKENIZERS[vocabulary.pre_tokenizer]
    ids = {token: index for index, token in enumerate(vocabulary.tokens)}
    merges = [_merge(source, merge, ids) for merge in vocabulary.merges]
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=merges, ignore_merges=cutter.whole_pieces))
    if cutter.composed:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(list(cutter.steps()))
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _merge(source: GgufSource, merge: str, ids: dict[str, int]) -> tuple[str, str]:
    left, _, right = merge.partition(" ")
    if left not in ids or right not in ids or left + right not in ids:
        problem = f"merges {left!r} and {right!r}, which are no tokens or give none; its tokenizer cannot be rebuilt"
        raise source.problem(problem, "choose another model")
    return left, right
