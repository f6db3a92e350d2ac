"""Rebuilds the tokenizer of a GGUF file, and shows that it is the same."""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING

from tokenizers import AddedToken, Tokenizer, processors

from msm_mlx.gguf_files.byte_level import PRE_TOKENIZERS, byte_level_tokenizer
from msm_mlx.gguf_files.sentencepiece import segment, sentencepiece_tokenizer
from msm_mlx.gguf_files.source import GgufSource
from msm_mlx.gguf_files.vocabulary import SENTENCEPIECE, TokenType, Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PROBES = (
    "The cheese, the bread.", "I'll say: \"don't\" - it's 1,234.50 €", "def f(x):\n    return x + 1\n\n\n", "a\tb",
    "Grüße aus Köln, naïve café", "日本語のテキスト。", "Привет, мир!", "مرحبا بالعالم", "नमस्ते दुनिया", "🙂👩‍👩‍👧 ok",
    "  two spaces   three", "x=42;y=1000000", "\r\nend ", "O'Neill WE'LL",
)  # fmt: skip


def build_tokenizer(source: GgufSource, vocabulary: Vocabulary, context: int) -> PreTrainedTokenizerFast:
    """The tokenizer of the file for transformers, with its special tokens and its chat template.

    Raises:
        SetupError: if it cannot be rebuilt exactly.
    """
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # it misses PyTorch, which nobody needs
    from transformers import PreTrainedTokenizerFast

    is_sentencepiece = vocabulary.kind == SENTENCEPIECE
    build = sentencepiece_tokenizer if is_sentencepiece else byte_level_tokenizer
    tokenizer = build(source, vocabulary)
    special = (TokenType.CONTROL, TokenType.UNKNOWN)
    tokenizer.add_special_tokens([AddedToken(text, normalized=False) for text in vocabulary.of_type(*special) if text])
    defined = vocabulary.of_type(TokenType.USER_DEFINED)
    tokenizer.add_tokens([AddedToken(text, normalized=False, special=False) for text in defined if text])
    _add_ends(tokenizer, vocabulary)
    _check_same(source, tokenizer, vocabulary)
    names = {"bos": "bos_token", "eos": "eos_token", "unknown": "unk_token", "padding": "pad_token"}
    named = {key: vocabulary.text(name) for name, key in names.items() if vocabulary.text(name) is not None}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        chat_template=vocabulary.chat_template,
        clean_up_tokenization_spaces=False,
        model_max_length=context,
        **named,
    )


def _add_ends(tokenizer: Tokenizer, vocabulary: Vocabulary) -> None:
    """Put the first and the last token around every text, if the model wants them."""
    first = vocabulary.text("bos") if vocabulary.add_bos else None
    last = vocabulary.text("eos") if vocabulary.add_eos else None
    ends = [token for token in (first, last) if token is not None]
    if ends:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=[*([first] if first else []), "$A", *([last] if last else [])],
            pair=[*([first] if first else []), "$A", *([last] if last else []), "$B:1"],
            special_tokens=[(token, tokenizer.token_to_id(token)) for token in ends],
        )


def _check_same(source: GgufSource, tokenizer: Tokenizer, vocabulary: Vocabulary) -> None:
    """Every token has its number and comes back from its text, and texts of many kinds come back unchanged."""
    for index, token in enumerate(vocabulary.tokens):
        if tokenizer.token_to_id(token) != index:
            raise _not_exact(source, f"token {index}, {token!r}, would get the number {tokenizer.token_to_id(token)}")
    for token in vocabulary.of_type(TokenType.CONTROL):
        if token and tokenizer.encode(token, add_special_tokens=False).tokens != [token]:
            raise _not_exact(source, f"the control token {token!r} does not stay whole")
    for text in PROBES:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        if tokenizer.decode(ids, skip_special_tokens=False) != _normal(text, vocabulary):
            raise _not_exact(source, f"{text!r} does not come back")
        if vocabulary.kind == SENTENCEPIECE and ids != segment(text, vocabulary):
            raise _not_exact(source, f"{text!r} is cut in another way")


def _normal(text: str, vocabulary: Vocabulary) -> str:
    cutter = PRE_TOKENIZERS.get(vocabulary.pre_tokenizer)
    is_composed = vocabulary.kind != SENTENCEPIECE and cutter is not None and cutter.composed
    return unicodedata.normalize("NFC", text) if is_composed else text


def _not_exact(source: GgufSource, problem: str) -> Exception:
    return source.problem(f"its tokenizer cannot be rebuilt exactly: {problem}", "choose another model")
