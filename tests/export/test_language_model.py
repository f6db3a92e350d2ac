"""A model that is streamed layer by layer computes what the whole one does, and is never in memory whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora, save_adapter
from msm_mlx.engine.loaded_model import load_base
from msm_mlx.errors import SetupError
from msm_mlx.export.language_model import (
    FusedModel,
    build_model,
    kind_of,
    open_language_model,
    settings_of,
    streamed_logits,
    weights_of,
)

IDS = [5, 60, 61, 62, 9, 100]


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3"])
def test_fused_and_streamed_it_answers_as_with_its_adapter(
    family: str, tiny_model_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tiny_model_folder(family)
    loaded = load_base(folder)
    add_lora(loaded.model, LoraShape(4, 2.0), 0)
    noise = {
        name: 0.2 * mx.random.normal(value.shape, key=mx.random.key(number))
        for number, (name, value) in enumerate(adapter_weights(loaded.model).items())
    }
    loaded.model.load_weights(list(noise.items()), strict=False)
    save_adapter(tmp_path, noise, LoraShape(4, 2.0), "base")
    opened = open_language_model(folder)
    config = settings_of(opened)
    fused = FusedModel.of(folder, tmp_path)
    logits = streamed_logits(build_model(config, weights_of(opened)), fused.reader(), IDS)

    assert kind_of(opened) == kind_of(loaded.model)
    assert np.abs(logits - np.array(loaded.model(mx.array([IDS]))[0])).max() < 1e-3
    plain = streamed_logits(build_model(config, weights_of(opened)), FusedModel(folder, {}, 0.0).reader(), IDS)
    assert np.abs(logits - plain).max() > 0.1


def test_a_weight_is_let_go_when_it_was_read(tiny_model_folder: Callable[[str], Path]) -> None:
    read = FusedModel(tiny_model_folder("llama"), {}, 0.0).reader()
    assert read("model.norm.weight").dtype == mx.float32
    with pytest.raises(KeyError):
        read("model.norm.weight")


def test_a_folder_that_holds_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be loaded"):
        open_language_model(tmp_path)
