"""Tokenizers of both kinds are rebuilt, and compared with what SentencePiece and GPT-2's byte-level BPE do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.gguf_files import BYTE_TOKENS, byte_level, sentencepiece, tiny_gguf

from msm_mlx.errors import SetupError
from msm_mlx.gguf_files.byte_level import PRE_TOKENIZERS
from msm_mlx.gguf_files.source import open_source
from msm_mlx.gguf_files.tokenizer import PROBES, build_tokenizer
from msm_mlx.gguf_files.vocabulary import read_vocabulary


def rebuilt(metadata: dict[str, Any], folder: Path) -> Any:
    source = open_source(tiny_gguf("llama", metadata).write(folder / "tiny.gguf"))
    return build_tokenizer(source, read_vocabulary(source), 512)


def pieces(tokenizer: Any, text: str) -> list[str]:
    ids = tokenizer.encode(text, add_special_tokens=False)
    return [tokenizer.convert_ids_to_tokens(index) for index in ids]


def cuts(pre: str, text: str, folder: Path) -> list[str]:
    """What the pre-tokenizer makes of a text."""
    parts = rebuilt(byte_level(pre), folder).backend_tokenizer.pre_tokenizer.pre_tokenize_str(text)
    return [part.replace("Ġ", " ").replace("Ċ", "\n") for part, _ in parts]


def test_merges_make_tokens_of_bytes(tmp_path: Path) -> None:
    tokenizer = rebuilt(byte_level(), tmp_path)

    assert pieces(tokenizer, "the the") == ["th", "e", "Ġthe"]
    assert pieces(tokenizer, "é") == ["Ã", "©"]


@pytest.mark.parametrize(
    ("pre", "expected"),
    [
        ("llama-bpe", ["It", "'S", " ", "123", "45", "é", ".\n\n", "x"]),
        ("qwen2", ["It", "'S", " ", "1", "2", "3", "4", "5", "é", ".\n\n", "x"]),
        ("smollm", ["It", "'", "S", " ", "1", "2", "3", "4", "5", "é", ".", "\n", "\n", "x"]),
        ("gpt-2", ["It", "'", "S", " 12345", "é", ".", "\n", "\n", "x"]),
        ("tekken", ["It", "'S", " ", "1", "2", "3", "4", "5", "é", ".\n\n", "x"]),
    ],
)
def test_each_family_cuts_text_in_its_way(pre: str, expected: list[str], tmp_path: Path) -> None:
    assert cuts(pre, "It'S 12345é.\n\nx", tmp_path) == [piece.replace("é", "Ã©") for piece in expected]


@pytest.mark.parametrize("pre", PRE_TOKENIZERS)
def test_texts_come_back_from_every_pre_tokenizer(pre: str, tmp_path: Path) -> None:
    tokenizer = rebuilt(byte_level(pre), tmp_path)

    assert [tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) for text in PROBES] == list(PROBES)


def test_control_and_added_tokens_stay_whole_and_only_the_former_are_special(tmp_path: Path) -> None:
    tokenizer = rebuilt(byte_level(), tmp_path)

    assert pieces(tokenizer, "the<|im_end|><tool>") == ["th", "e", "<|im_end|>", "<tool>"]
    assert "<tool>" not in tokenizer.all_special_tokens
    ids = tokenizer.encode("the<|im_end|><tool>", add_special_tokens=False)
    assert tokenizer.decode(ids, skip_special_tokens=True) == "the<tool>"


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (byte_level(), True),  # as llama.cpp does with llama-bpe
        (byte_level("smollm"), False),
        (byte_level() | {"tokenizer.ggml.add_bos_token": False}, False),
        (byte_level("qwen2") | {"tokenizer.ggml.add_bos_token": True}, True),
        (sentencepiece(), True),
    ],
)
def test_texts_begin_with_the_first_token_where_llama_cpp_has_it(
    metadata: dict[str, Any], expected: bool, tmp_path: Path
) -> None:
    tokenizer = rebuilt(metadata, tmp_path)

    assert (tokenizer.encode("the")[0] == tokenizer.bos_token_id) is expected


def test_pieces_are_merged_by_their_scores(tmp_path: Path) -> None:
    tokenizer = rebuilt(sentencepiece(), tmp_path)

    assert pieces(tokenizer, "the cheese") == ["▁the", "▁c", "he", "e", "s", "e"]
    assert pieces(tokenizer, "é") == ["▁", "<0xC3>", "<0xA9>"]
    assert tokenizer.decode(tokenizer.encode("two  spaces", add_special_tokens=False)) == "two  spaces"


def test_pieces_that_the_vocabulary_defines_go_before_merges(tmp_path: Path) -> None:
    metadata = sentencepiece(add_space_prefix=False)
    for name, values in {"tokens": ["    ", "\n\n"], "scores": [-1000.0] * 2, "token_type": [4, 4]}.items():
        metadata[f"tokenizer.ggml.{name}"] = metadata[f"tokenizer.ggml.{name}"] + values  # as in Gemma

    assert pieces(rebuilt(metadata, tmp_path), "in     the\n\n") == ["in", "    ", "▁the", "\n\n"]


def test_a_space_is_put_before_a_text_unless_the_file_says_no(tmp_path: Path) -> None:
    assert pieces(rebuilt(sentencepiece(add_space_prefix=False), tmp_path), "in the") == ["in", "▁the"]


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        (byte_level() | {"tokenizer.ggml.tokens": [*BYTE_TOKENS, "he", "x1", "x2", "x3"]}, "are both 'he'"),
        (byte_level() | {"tokenizer.ggml.token_type": [1]}, "265 tokens and 1 types"),
        (sentencepiece(scores=[0.0]), "and 1 scores of tokens"),
        (sentencepiece(tokens=["<unk>", "<s>", "</s>", *(f"t{n}" for n in range(330))][:333]), "types of tokens"),
    ],
)
def test_a_vocabulary_that_does_not_hold_together_is_refused(
    metadata: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(SetupError) as error:
        rebuilt(metadata, tmp_path)
    assert told in str(error.value)


def test_a_tokenizer_that_would_not_give_its_texts_back_is_refused(tmp_path: Path) -> None:
    metadata = byte_level()
    tokens = ["<gap>" if token == "a" else token for token in metadata["tokenizer.ggml.tokens"]]
    with pytest.raises(SetupError, match=r"cannot be rebuilt exactly: .* does not come back"):
        rebuilt(metadata | {"tokenizer.ggml.tokens": tokens}, tmp_path)
