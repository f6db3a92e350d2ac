"""A tokenizer is told by what it does, and one that llama.cpp does not have is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.gguf_files import BYTE_TOKENS, byte_level, sentencepiece, tiny_gguf
from helpers.lookalike_models import byte_level_tokenizer, sentencepiece_tokenizer
from helpers.tiny_models import POCKET_WEIGHTS, TEMPLATES, byte_tokenizer
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from msm_mlx.gguf_files.folder import read_model
from msm_mlx.gguf_files.recognise import check_same, recognise
from msm_mlx.gguf_files.source import GgufError, open_source
from msm_mlx.gguf_files.vocabulary import TokenType, Vocabulary

FILE = Path("out.gguf")


def imported(metadata: dict[str, Any], folder: Path) -> PreTrainedTokenizerFast:
    return read_model(open_source(tiny_gguf("qwen3", metadata).write(folder / "tiny.gguf"))).tokenizer


def recognised(tokenizer: PreTrainedTokenizerFast, rows: int = 1300) -> Vocabulary:
    stops = [tokenizer.eos_token_id] if tokenizer.eos_token_id is not None else []
    return recognise(tokenizer, rows, stops=stops, template="a template", path=FILE)


@pytest.mark.parametrize("pre", ["llama-bpe", "qwen2", "smollm", "gpt-2", "tekken"])
def test_each_way_of_cutting_a_text_is_recognised(pre: str, tmp_path: Path) -> None:
    metadata = byte_level(pre)
    vocabulary = recognised(imported(metadata, tmp_path), len(metadata["tokenizer.ggml.tokens"]))

    assert vocabulary.pre_tokenizer == pre
    told = vocabulary.metadata()
    assert {name: told[name] for name in metadata} == metadata | {"tokenizer.chat_template": "a template"}
    assert told["tokenizer.ggml.add_bos_token"] is (pre in ("llama-bpe", "tekken"))


@pytest.mark.parametrize("prefix", [True, False])
def test_pieces_get_scores_in_the_order_of_their_merges(prefix: bool, tmp_path: Path) -> None:
    metadata = sentencepiece(add_space_prefix=prefix)
    tokenizer = imported(metadata, tmp_path)
    vocabulary = recognised(tokenizer, len(metadata["tokenizer.ggml.tokens"]))
    scores = dict(zip(vocabulary.tokens, vocabulary.scores, strict=True))

    assert scores["▁▁"] > scores["▁t"] > scores["he"] > scores["▁the"] > scores["▁c"] > scores["x"]
    assert list(vocabulary.types) == metadata["tokenizer.ggml.token_type"]
    assert (vocabulary.add_space_prefix, vocabulary.add_bos) == (prefix, True)


@pytest.mark.parametrize("make", [byte_level_tokenizer, sentencepiece_tokenizer])
def test_a_trained_tokenizer_is_rebuilt_from_what_is_told_of_it(make: Any, tmp_path: Path) -> None:
    tokenizer = make(chat=True)
    metadata = recognised(tokenizer).metadata()
    rebuilt = imported(metadata, tmp_path)

    check_same(tokenizer, rebuilt, ["You are Pocket. <|im_end|> [INST]</s>"], FILE)
    assert rebuilt.chat_template == "a template"
    assert metadata["tokenizer.ggml.tokens"][1299] == "[PAD1299]"
    assert metadata["tokenizer.ggml.token_type"][1299] == TokenType.UNUSED


def test_runs_of_spaces_are_told_as_they_stand_in_a_text() -> None:
    tokenizer = sentencepiece_tokenizer(chat=True)
    tokenizer.add_tokens("▁▁▁")
    vocabulary = recognised(tokenizer)
    index = tokenizer.convert_tokens_to_ids("▁▁▁")

    assert (vocabulary.tokens[index], vocabulary.types[index]) == ("   ", TokenType.USER_DEFINED)


def test_all_tokens_that_end_a_reply_are_told() -> None:
    tokenizer = byte_tokenizer(TEMPLATES["llama3"])
    stops = [int(tokenizer.eos_token_id), 3]
    vocabulary = recognise(tokenizer, 1300, stops=stops, template=None, path=FILE)

    assert vocabulary.ends[:2] == stops
    assert "tokenizer.chat_template" not in vocabulary.metadata()


def test_a_text_that_would_be_encoded_otherwise_is_told(tmp_path: Path) -> None:
    one, other = imported(byte_level("qwen2"), tmp_path), imported(byte_level("llama-bpe"), tmp_path)
    with pytest.raises(
        GgufError, match=r"none that llama\.cpp has: .* would be encoded in another way; use --format fused"
    ):
        check_same(one, other, [], FILE)


def test_what_llama_cpp_does_not_have_is_refused() -> None:
    pocket = PreTrainedTokenizerFast(tokenizer_file=str(POCKET_WEIGHTS / "tokenizer.json"))
    with pytest.raises(GgufError, match="it cuts text in a way that is none of llama-bpe"):
        recognised(pocket, 1339)
    pieces = Tokenizer(models.Unigram([("<unk>", 0.0), *((letter, -1.0) for letter in BYTE_TOKENS)], unk_id=0))
    with pytest.raises(GgufError, match="it is of the kind Unigram, and BPE can be told"):
        recognised(PreTrainedTokenizerFast(tokenizer_object=pieces))
    with pytest.raises(GgufError, match=r"its token 1204 is beyond the 1000 rows of the embeddings"):
        recognised(byte_level_tokenizer(chat=True), 1000)
