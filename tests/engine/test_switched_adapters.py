"""With one adapter on at a time the model is the one that mlx-lm makes with that adapter alone, experts included."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from helpers.architectures import save_architecture
from helpers.arrays import logits_of

from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora
from msm_mlx.engine.loaded_model import load_base
from msm_mlx.engine.multi_lora import NamedAdapter
from msm_mlx.engine.switched_adapters import SwitchedAdapters
from msm_mlx.errors import MsmError


def random_adapter(folder: Path, shape: LoraShape) -> tuple[NamedAdapter, np.ndarray]:
    """An adapter, and the logits with it alone."""
    loaded = load_base(folder)
    add_lora(loaded.model, shape, 0)
    weights = {name: mx.random.normal(value.shape) * 0.3 for name, value in adapter_weights(loaded.model).items()}
    loaded.model.load_weights(list(weights.items()), strict=False)
    return NamedAdapter(f"rank {shape.rank}", weights, shape.scale), logits_of(loaded)


def test_each_adapter_is_exact_in_turn_and_the_base_too(tmp_path: Path) -> None:
    folder = save_architecture(tmp_path, "qwen3_moe")
    base = logits_of(load_base(folder))
    (narrow, with_narrow), (wide, with_wide) = (random_adapter(folder, LoraShape(r, r / 2)) for r in (2, 5))
    loaded = load_base(folder)
    switched = SwitchedAdapters(loaded.model, [narrow, wide])
    for index, expected in ((1, with_wide), (None, base), (0, with_narrow), (1, with_wide)):
        with switched.using([index, index]):
            np.testing.assert_allclose(logits_of(loaded), expected, rtol=0, atol=1e-4)
    assert np.abs(with_wide - with_narrow).max() > 0.1


def test_an_adapter_of_another_shape_is_named_and_nothing_is_to_be_deleted(tmp_path: Path) -> None:
    folder = save_architecture(tmp_path, "qwen3_moe")
    good, _ = random_adapter(folder, LoraShape(2, 1.0))
    name = "model.layers.0.mlp.switch_mlp.up_proj.lora_a"
    for weights in (good.weights | {name: mx.zeros((5, 2, 32))}, {"model.layers.7.mlp.gate.lora_a": mx.zeros((32, 2))}):
        with pytest.raises(MsmError, match=r"other: does not fit the model at model\.layers\.\d\.mlp") as told:
            SwitchedAdapters(load_base(folder).model, [NamedAdapter("other", weights, 1.0)])
        assert "delete" not in str(told.value)
