"""A checkpoint comes back bit for bit, and what is none is told with what to do."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import mlx.optimizers as optim
import pytest
from helpers.arrays import flat, same_bits

from msm_mlx.engine.adapters import adapter_weights, save_arrays
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.training.checkpoint import Progress, load_checkpoint, save_checkpoint


def optimizer_of(loaded: LoadedModel, updates: int = 0) -> optim.Optimizer:
    optimizer = optim.AdamW(0.01)
    optimizer.init(loaded.model.trainable_parameters())
    for _ in range(updates):
        optimizer.update(loaded.model, loaded.model.trainable_parameters())
    mx.eval(loaded.model.parameters(), optimizer.state)
    return optimizer


def test_adapter_state_and_progress_come_back_bit_for_bit(adapted: LoadedModel, tmp_path: Path) -> None:
    optimizer, progress = optimizer_of(adapted, updates=3), Progress(3, 0.1 + 0.2, 2)
    save_checkpoint(tmp_path / "c.safetensors", adapted.model, optimizer, progress)
    weights = {name: mx.array(value) for name, value in adapter_weights(adapted.model).items()}

    other = optimizer_of(adapted, updates=2)
    assert not same_bits(adapter_weights(adapted.model), weights)

    assert load_checkpoint(tmp_path / "c.safetensors", adapted.model, other) == progress
    assert same_bits(adapter_weights(adapted.model), weights)
    assert same_bits(flat(other.state), flat(optimizer.state))


def test_training_without_validation_has_no_best_loss(adapted: LoadedModel, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "c.safetensors", adapted.model, optimizer_of(adapted), Progress(1))
    assert load_checkpoint(tmp_path / "c.safetensors", adapted.model, optimizer_of(adapted)) == Progress(
        1, float("inf"), 0
    )


@pytest.mark.parametrize("metadata", [{}, {"progress": "{"}, {"progress": '{"steps": 1}'}])
def test_arrays_without_progress_are_no_checkpoint(
    metadata: dict[str, str], adapted: LoadedModel, tmp_path: Path
) -> None:
    save_arrays(tmp_path / "c.safetensors", adapter_weights(adapted.model), metadata)
    with pytest.raises(
        MsmError, match=r"c\.safetensors: not a checkpoint of this training: .*; delete it to start over"
    ):
        load_checkpoint(tmp_path / "c.safetensors", adapted.model, optimizer_of(adapted))
