"""The size of a model is counted in its weights, or read from its name."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import pytest
from helpers.tiny_models import POCKET_WEIGHTS
from mlx.utils import tree_flatten

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.files import write_json
from msm_mlx.models.parameter_count import human_count, parameter_count


def test_the_weights_of_a_folder_are_counted(pocket: LoadedModel) -> None:
    weights = sum(value.size for _, value in tree_flatten(pocket.model.parameters()))
    assert parameter_count(str(POCKET_WEIGHTS)) == (weights, "by its weights")


@pytest.mark.parametrize("bits", [4, 8])
def test_quantised_weights_count_as_those_that_they_stand_for(bits: int, tmp_path: Path) -> None:
    packed, scales, biases = mx.quantize(mx.random.normal((64, 128)), group_size=64, bits=bits)
    tensors = {"l.weight": packed, "l.scales": scales, "l.biases": biases, "n.weight": mx.zeros(128)}
    mx.save_safetensors(str(tmp_path / "model-00001-of-00001.safetensors"), tensors)
    write_json(tmp_path / "config.json", {"quantization": {"bits": bits, "group_size": 64}})
    assert parameter_count(str(tmp_path)) == (64 * 128 + 128, "by its weights")


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("HuggingFaceTB/SmolLM2-135M-Instruct", 135e6),
        ("mlx-community/Qwen3-0.6B-4bit@main", 0.6e9),
        ("mlx-community/Qwen3-30B-A3B-4bit", 30e9),
        ("unsloth/Llama-3.2-1B-Instruct-bf16", 1e9),
        ("google/gemma-3-270m-it", 270e6),
    ],
)
def test_a_model_of_the_hub_is_as_large_as_its_name_says(name: str, count: float) -> None:
    assert parameter_count(name) == (count, "by its name")


@pytest.mark.parametrize("name", ["a/b", "org/Phi-3.5-mini", "org/model-4bit", "", "/", "org/v2beta"])
def test_other_names_say_nothing(name: str) -> None:
    assert parameter_count(name) is None


@pytest.mark.parametrize("content", [b"", b"\xff" * 20, b"[]"])
def test_a_damaged_folder_is_as_large_as_its_name_says(content: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "Some-2B"
    folder.mkdir()
    (folder / "config.json").write_bytes(b"{}")
    (folder / "model.safetensors").write_bytes(content)
    assert parameter_count(str(folder)) == (2_000_000_000, "by its name")


def test_counts_in_words() -> None:
    assert [human_count(n) for n in (1_059_000, 134_515_008, 596_000_000, 1e9, 1.72e9, 8.2e9, 32e9)] == [
        "1.1M", "135M", "596M", "1B", "1.7B", "8.2B", "32B",
    ]  # fmt: skip
