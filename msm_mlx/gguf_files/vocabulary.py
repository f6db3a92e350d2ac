"""What a GGUF file says of a tokenizer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from msm_mlx.gguf_files.source import GgufSource

BYTE_LEVEL, SENTENCEPIECE = "gpt2", "llama"  # llama.cpp's names of the two kinds
STARTS_TEXT = ("llama3", "llama-v3", "llama-bpe", "falcon3", "tekken")
"""The pre-tokenizers with which llama.cpp puts a first token before every text, where the file does not say."""
_ENDS_OF_TURN = ("<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|eom_id|>")
"""What ends a reply in llama.cpp, whatever else the file says."""

SPECIAL = ("bos", "eos", "eot", "eom", "unknown", "padding")
_ID = "{}_token_id"


class TokenType(IntEnum):
    """llama.cpp's types of tokens."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a model, and what is known of them."""

    kind: str
    pre_tokenizer: str
    tokens: Sequence[str]
    types: Sequence[int]
    scores: Sequence[float]
    merges: Sequence[str]
    special: dict[str, int]
    """The ids of `bos`, `eos`, `eot`, `eom`, `unknown` and `padding`, as far as the file has them."""
    add_bos: bool
    add_eos: bool
    add_space_prefix: bool
    chat_template: str | None

    def text(self, name: str) -> str | None:
        """The special token of that name."""
        token = self.special.get(name)
        return None if token is None else self.tokens[token]

    def of_type(self, *types: TokenType) -> Iterator[str]:
        return (token for token, kind in zip(self.tokens, self.types, strict=True) if kind in types)

    @property
    def ends(self) -> list[int]:
        """The ids of the tokens that end a reply, the main one first."""
        named = [self.special[name] for name in ("eos", "eot", "eom") if name in self.special]
        ids = {token: index for index, token in enumerate(self.tokens)}
        usual = [ids[token] for token in self.of_type(TokenType.CONTROL) if token in _ENDS_OF_TURN]
        return list(dict.fromkeys(named + usual))

    def metadata(self) -> dict[str, Any]:
        """What a file says of the tokenizer: the way back from `read_vocabulary`."""
        values: dict[str, Any] = {
            "model": self.kind,
            "pre": self.pre_tokenizer,
            "tokens": list(self.tokens),
            "token_type": [int(kind) for kind in self.types],
            "add_bos_token": self.add_bos,
            "add_eos_token": self.add_eos,
        }
        if self.kind == SENTENCEPIECE:
            values |= {"scores": list(self.scores), "add_space_prefix": self.add_space_prefix}
        else:
            values["merges"] = list(self.merges)
        values |= {_ID.format(name): index for name, index in self.special.items()}
        metadata = {f"tokenizer.ggml.{name}": value for name, value in values.items()}
        return metadata | ({"tokenizer.chat_template": self.chat_template} if self.chat_template else {})


def read_vocabulary(source: GgufSource) -> Vocabulary:
    """The vocabulary of the file.

    Raises:
        SetupError: if it lacks something, or does not hold together.
    """
    kind, pre = _value(source, "model", ""), _value(source, "pre", "default")
    tokens = list(_value(source, "tokens", ()))
    types = list(_value(source, "token_type", ())) or [TokenType.NORMAL] * len(tokens)
    scores = list(_value(source, "scores", ()))
    merges = list(_value(source, "merges", ()))
    if kind not in (BYTE_LEVEL, SENTENCEPIECE):
        known = "byte-level BPE (gpt2) and SentencePiece (llama) can be rebuilt"
        raise source.problem(f"has a tokenizer of the kind {kind or 'none'!r}; {known}", "choose another model")
    if not tokens or len(types) != len(tokens):
        raise source.problem(f"has {len(tokens)} tokens and {len(types)} types of tokens")
    if kind == SENTENCEPIECE and len(scores) != len(tokens):
        raise source.problem(f"has {len(tokens)} tokens and {len(scores)} scores of tokens")
    if kind == BYTE_LEVEL and not merges:
        raise source.problem("has no merges of tokens")
    _check_tokens(source, tokens)
    starts = kind == SENTENCEPIECE or pre in STARTS_TEXT
    template = source.metadata.get("tokenizer.chat_template")
    return Vocabulary(
        kind, pre, tokens, types, scores, merges, _special(source, len(tokens)),
        add_bos=bool(_value(source, "add_bos_token", starts)),
        add_eos=bool(_value(source, "add_eos_token", False)),
        add_space_prefix=bool(_value(source, "add_space_prefix", kind == SENTENCEPIECE)),
        chat_template=str(template) if template else None,
    )  # fmt: skip


def _value(source: GgufSource, name: str, default: Any) -> Any:
    return source.metadata.get(f"tokenizer.ggml.{name}", default)


def _check_tokens(source: GgufSource, tokens: Sequence[str]) -> None:
    """Each text can stand for one token only."""
    rows = source.tensors["token_embd.weight"].shape[0]
    if len(tokens) > rows:
        raise source.problem(f"has {len(tokens)} tokens, and embeddings of {rows}")
    places: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token in places:
            problem = f"its tokens {places[token]} and {index} are both {token!r}, so its tokenizer cannot be rebuilt"
            raise source.problem(problem, "choose another model")
        places[token] = index


def _special(source: GgufSource, count: int) -> dict[str, int]:
    ids = {name: _value(source, _ID.format(name), None) for name in SPECIAL}
    special = {name: int(index) for name, index in ids.items() if index is not None}
    if wrong := [name for name, index in special.items() if not 0 <= index < count]:
        raise source.problem(f"its {wrong[0]} token is number {special[wrong[0]]} of {count}")
    if "eos" not in special:
        raise source.problem("does not say which token ends a text")
    return special
