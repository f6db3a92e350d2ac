"""What a config.json says, in the words of each family."""

from __future__ import annotations

from typing import Any

import pytest

from msm_mlx.models.config import config_problem, context_length, text_config


@pytest.mark.parametrize(
    ("config", "length"),
    [
        ({"max_position_embeddings": 4096}, 4096),
        ({"n_positions": 1024, "n_ctx": 1024}, 1024),
        ({"text_config": {"max_position_embeddings": 8192}, "max_position_embeddings": 77}, 8192),
        ({"text_config": {"hidden_size": 8}, "max_position_embeddings": 77}, 77),
        ({"llm_config": {"max_position_embeddings": 99}}, 99),
        ({"text_config": None, "model_max_length": 55}, 55),
        ({"max_position_embeddings": None}, None),
        ({"max_position_embeddings": "long"}, None),
        ({}, None),
    ],
)
def test_the_context_is_found_by_any_of_its_names(config: dict[str, Any], length: int | None) -> None:
    assert context_length(config) == length


def test_the_text_model_is_the_inner_one_where_there_is_one() -> None:
    assert text_config({"hidden_size": 8}) == {"hidden_size": 8}
    assert text_config({"text_config": {"hidden_size": 9}, "hidden_size": 8}) == {"hidden_size": 9}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"hidden_size": "64"}, "hidden_size: '64'"),
        ({"num_hidden_layers": 0}, "num_hidden_layers: 0"),
        ({"vocab_size": True}, "vocab_size: true"),
        ({"text_config": {"num_attention_heads": -1}}, "num_attention_heads: -1"),
        ({"max_position_embeddings": 0}, "max_position_embeddings: 0"),
        ({"model_type": "../x"}, "model_type is '../x'"),
        ({"model_type": ["qwen3"]}, "model_type is a list"),
        ({"quantization": [4]}, "quantization: a list"),
        ({"eos_token_id": [1, "a"]}, "eos_token_id: a list"),
    ],
)
def test_what_cannot_be_is_named(change: dict[str, Any], problem: str) -> None:
    assert problem in config_problem({"model_type": "qwen3"} | change)


def test_what_families_really_have_passes() -> None:
    silent = {"model_type": "gemma3_text", "num_attention_heads": None, "quantization": None, "eos_token_id": [1, 106]}
    assert config_problem(silent | {"intermediate_size": [8, 9], "text_config": {"vocab_size": 9}}) == ""
