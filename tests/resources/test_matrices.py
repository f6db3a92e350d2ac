"""What is counted from config.json is what mlx-lm's class of the architecture has, or is refused."""

from __future__ import annotations

import importlib
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import pytest
from helpers.architectures import ARCHITECTURES, build
from helpers.arrays import flat
from helpers.published_shapes import SHAPES

from msm_mlx.errors import MsmError
from msm_mlx.resources.matrices import UNCOUNTED
from msm_mlx.resources.memory import ModelShape

ALIKE = 0.15
DIFFERENT = {"gpt2"}  # its configuration has names of its own, which only those of these tests come with others


def unloaded(config: dict[str, Any]) -> nn.Module:
    """mlx-lm's model of this shape, whose random weights are never computed."""
    module: Any = importlib.import_module(f"mlx_lm.models.{config['model_type']}")
    model: nn.Module = module.Model(module.ModelArgs.from_dict(config))
    model.set_dtype(mx.bfloat16)
    if quantization := config.get("quantization"):
        nn.quantize(model, **quantization)
    return model


@pytest.mark.parametrize("name", SHAPES)
def test_weights_of_published_shapes_are_estimated(name: str) -> None:
    config = {key: value for key, value in SHAPES[name].items() if key != "torch_dtype"}
    expected = sum(value.nbytes for value in flat(unloaded(config).parameters()).values())
    assert ModelShape.from_config(config).weight_bytes == pytest.approx(expected, rel=ALIKE)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ARCHITECTURES.keys() - DIFFERENT))
def test_every_architecture_is_counted_or_refused(name: str) -> None:
    model, config = build(name)
    counted = {part.get("model_type") for part in (config, config.get("text_config", {}))}
    if counted & UNCOUNTED:
        with pytest.raises(MsmError, match=r"layers cannot be counted \(there is no formula for"):
            ModelShape.from_config(config)
        return
    expected = sum(value.size for value in flat(model.parameters()).values())
    assert ModelShape.from_config(config).parameters == pytest.approx(expected, rel=ALIKE)


def test_a_token_goes_through_a_few_of_the_experts() -> None:
    shape = ModelShape.from_config(SHAPES["qwen3-30b-a3b"])
    assert shape.parameters == pytest.approx(30.5e9, rel=0.01)
    assert shape.active_parameters == pytest.approx(3.3e9, rel=0.1)
    assert shape.inner == 8 * 768
    assert ModelShape.from_config(SHAPES["gpt-oss-20b"]).inner == 4 * 2880


def test_only_layers_with_attention_keep_keys_and_values() -> None:
    assert ModelShape.from_config(SHAPES["granite-4-h-tiny"]).cached == 4 * 2 * 4 * 128
    assert ModelShape.from_config(SHAPES["lfm2-1.2b"]).cached == 6 * 2 * 8 * 64
    assert ModelShape.from_config(SHAPES["qwen3-next-80b-a3b"]).cached == 12 * 2 * 2 * 256


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"num_experts": 128, "moe_intermediate_size": None, "intermediate_size": None}, "a mixture of experts whose"),
        ({"num_experts": None, "hidden_size": None}, r"a model whose layers cannot be counted \(no 'hidden_size'\)"),
        ({"layer_types": ["attention"] * 3}, "layer_types does not name 48 layers"),
        ({"kv_lora_rank": 512}, "no 'qk_rope_head_dim'"),
    ],
)
def test_what_is_missing_is_told(change: dict[str, Any], reason: str) -> None:
    config = {key: value for key, value in (SHAPES["qwen3-30b-a3b"] | change).items() if value is not None}
    with pytest.raises(MsmError, match=reason):
        ModelShape.from_config(config)
