"""Which models fit: sizes from the laptop profile of the shipped recipes."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import RECIPES

from msm_mlx.recipe.load import load_recipe
from msm_mlx.resources.machine import Machine
from msm_mlx.resources.memory import ModelShape
from msm_mlx.resources.model_choice import laptop_profile, list_models, needs_of, recommendations

QWEN3_8B = {
    "model_type": "qwen3", "hidden_size": 4096, "num_hidden_layers": 36, "num_attention_heads": 32,
    "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 12288, "vocab_size": 151_936,
    "tie_word_embeddings": False, "torch_dtype": "bfloat16", "quantization": {"bits": 4, "group_size": 64},
}  # fmt: skip


@pytest.mark.parametrize("name", ["cheese_affordable", "cheese_contrast"])
def test_the_laptop_profiles_of_the_shipped_recipes_take_the_same_memory(name: str) -> None:
    other, profile = load_recipe(RECIPES / f"{name}.yaml", profile="laptop").settings, laptop_profile()
    assert other.lora.rank == profile.lora.rank
    for stage in ("midtrain", "sft"):
        mine, others = getattr(profile, stage), getattr(other, stage)
        assert (mine.batch_size, mine.max_length) == (others.batch_size, others.max_length)


def test_less_memory_changes_more_settings() -> None:
    shape = ModelShape.from_config(QWEN3_8B)
    large, small = (needs_of(shape, Machine("a Mac", True, gigabytes * 1e9, 1e12, 1e11)) for gigabytes in (200, 12))
    assert large.changes == ()
    assert small.changes
    assert small.midtraining < large.midtraining


def test_a_larger_mac_gets_a_model_that_is_no_smaller() -> None:
    sizes = [float(entry.model.split("-")[2].rstrip("B")) for entry in recommendations() if entry.model]
    assert sizes == sorted(sizes)
    assert len(sizes) >= 6


def test_a_damaged_model_is_listed_with_its_problem(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{}")
    models = list_models([tmp_path], tmp_path / "cache", Machine("here", False, 1e10, 1e12, 1e11))
    assert [model.needs is None for model in models] == [False, True]
    assert models[1].problem
