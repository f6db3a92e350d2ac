"""Adapters are laid as llama.cpp has them, so that what they add is what is added to its own weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.gguf_files import HIDDEN, TINY

from msm_mlx.gguf_files.architectures import ARCHITECTURES
from msm_mlx.gguf_files.lora import describe_lora, read_lora, write_lora
from msm_mlx.gguf_files.source import Floats, GgufError, GgufSource
from msm_mlx.gguf_files.weights import neighbours_of_heads

SETTINGS = {"num_attention_heads": 4, "num_key_value_heads": 2}
SIZES = {"self_attn.q_proj": (HIDDEN, 4 * 16), "self_attn.k_proj": (HIDDEN, 2 * 16), "mlp.down_proj": (96, HIDDEN)}


def weights() -> dict[str, Floats]:
    random = np.random.default_rng(3)
    arrays = {}
    for layer, (inputs, outputs) in SIZES.items():
        arrays[f"model.layers.1.{layer}.lora_a"] = random.normal(size=(inputs, 4)).astype(np.float32)
        arrays[f"model.layers.1.{layer}.lora_b"] = random.normal(size=(4, outputs)).astype(np.float32)
    return arrays


def described(architecture: str, folder: Path, arrays: dict[str, Floats]) -> GgufSource:
    return describe_lora(folder / "a.gguf", architecture, SETTINGS, arrays, 8.0, "mine")


@pytest.mark.parametrize("architecture", TINY)
def test_an_adapter_comes_back(architecture: str, tmp_path: Path) -> None:
    source, arrays = described(architecture, tmp_path, weights()), weights()
    write_lora(source)
    back, alpha = read_lora(source.path, SETTINGS)

    assert alpha == 8.0
    assert back.keys() == arrays.keys()
    assert all(np.array_equal(back[name], value) for name, value in arrays.items())
    assert (source.metadata["general.type"], source.metadata["adapter.type"]) == ("adapter", "lora")


@pytest.mark.parametrize("architecture", TINY)
def test_what_it_adds_has_the_order_of_llama_cpp_s_weights(architecture: str, tmp_path: Path) -> None:
    arrays, tensors = weights(), described(architecture, tmp_path, weights()).tensors
    names = {"self_attn.q_proj": ("attn_q", 4), "self_attn.k_proj": ("attn_k", 2), "mlp.down_proj": ("ffn_down", 0)}
    for layer, (theirs, heads) in names.items():
        factors = [tensors[f"blk.1.{theirs}.weight.{part}"].read() for part in ("lora_b", "lora_a")]
        delta = (arrays[f"model.layers.1.{layer}.lora_a"] @ arrays[f"model.layers.1.{layer}.lora_b"]).T
        if heads and ARCHITECTURES[architecture].interleaved:
            delta = neighbours_of_heads(delta, heads)
        assert np.allclose(factors[0] @ factors[1], delta, atol=1e-4)


@pytest.mark.parametrize("name", ["model.layers.0.mlp.experts.lora_a", "model.layers.0.mlp.up_proj.weight"])
def test_layers_that_llama_cpp_does_not_have_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(GgufError, match=r"llama\.cpp has no place for model\.layers\.0\.mlp"):
        described("llama", tmp_path, {name: np.zeros((4, 4), np.float32)})
