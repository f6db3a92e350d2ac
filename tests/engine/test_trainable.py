"""A model says whether it can be trained, and is left as it was."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import pytest
from helpers.architectures import save_architecture
from helpers.arrays import flat, same_bits

from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.engine.trainable import training_mode, why_not_trainable


def test_pocket_can_be_trained_and_is_not_changed_by_the_question(fresh_pocket: LoadedModel) -> None:
    before = flat(fresh_pocket.model.parameters())
    assert why_not_trainable(fresh_pocket.model) == ""
    assert same_bits(before, flat(fresh_pocket.model.parameters()))
    assert not fresh_pocket.model.training


def test_a_quantised_model_can_be_trained(tmp_path: Path) -> None:
    loaded = load_base(save_architecture(tmp_path, "llama"))
    nn.quantize(loaded.model, group_size=32, bits=4)
    assert why_not_trainable(loaded.model) == ""


def test_a_model_that_cannot_is_told_with_the_reason(tmp_path: Path) -> None:
    assert "_no_grad" in load_base(save_architecture(tmp_path, "recurrent_gemma")).untrainable


def test_a_gradient_that_stops_on_its_way_is_told(fresh_pocket: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = type(fresh_pocket.model.layers[0])
    monkeypatch.setattr(layer, "__call__", lambda self, x, *rest, **named: mx.zeros_like(x))
    assert why_not_trainable(fresh_pocket.model) == "no gradient reaches its first layer"


def test_training_mode_ends_with_its_block(fresh_pocket: LoadedModel) -> None:
    with training_mode(fresh_pocket.model):
        assert fresh_pocket.model.training
    assert not fresh_pocket.model.training
