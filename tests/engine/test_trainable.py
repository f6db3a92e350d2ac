"""A model says whether it can be trained, and is left as it was."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
from helpers.architectures import save_architecture
from helpers.arrays import flat, same_bits

from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.engine.trainable import training_mode, why_not_trainable


def test_pocket_can_be_trained_and_is_not_changed_by_the_question(fresh_pocket: LoadedModel) -> None:
    before = flat(fresh_pocket.model.parameters())
    assert why_not_trainable(fresh_pocket.model) == ""
    assert same_bits(before, flat(fresh_pocket.model.parameters()))
    assert not fresh_pocket.model.training


def test_a_quantised_model_can_be_trained(fresh_pocket: LoadedModel) -> None:
    nn.quantize(fresh_pocket.model, group_size=32, bits=4)
    assert why_not_trainable(fresh_pocket.model) == ""


def test_a_model_that_cannot_is_told_with_the_reason(tmp_path: Path) -> None:
    assert "_no_grad" in load_base(save_architecture(tmp_path, "recurrent_gemma")).untrainable


class StoppedGradient(nn.Module):  # type: ignore[misc]  # mlx.nn has no types
    """A model through whose last layer no gradient goes."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.layers = nn.Embedding(8, 8), [nn.Linear(8, 8), nn.Linear(8, 8)]

    def __call__(self, ids: mx.array) -> mx.array:
        first, last = self.layers
        logits: mx.array = last(mx.stop_gradient(first(self.embed(ids))))
        return logits


def test_a_gradient_that_stops_on_its_way_is_told() -> None:
    assert why_not_trainable(StoppedGradient()) == "no gradient reaches its first layer"


def test_training_mode_ends_with_its_block(fresh_pocket: LoadedModel) -> None:
    with training_mode(fresh_pocket.model):
        assert fresh_pocket.model.training
    assert not fresh_pocket.model.training
