"""A loss that is not finite: the cause is named where it was measured, and only there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from helpers.tiny_models import train_settings
from helpers.training_steps import some_rows

from msm_mlx.engine.adapter_files import WEIGHTS
from msm_mlx.engine.adapters import LoraShape
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.training.adapter import train_adapter


def train(loaded: LoadedModel, folder: Path, scale: float = 2.0, **changes: Any) -> None:
    settings = train_settings(batch_size=5, checkpoint_every=1000, **changes)
    train_adapter(loaded, some_rows(loaded), settings, LoraShape(2, scale), folder, seed=0, base="base")


def test_a_model_without_a_finite_loss_is_not_laid_on_the_learning_rate(tiny: LoadedModel, tmp_path: Path) -> None:
    model: Any = tiny.model
    model.lm_head.weight = model.lm_head.weight * 1e38
    with pytest.raises(MsmError, match=r"diverged at update 1 .*no setting of the training is the cause"):
        train(tiny, tmp_path / "a")


def test_a_scale_that_float16_cannot_hold_is_named(tiny: LoadedModel, tmp_path: Path) -> None:
    tiny.model.set_dtype(mx.float16)
    with pytest.raises(MsmError, match=r"diverged at update 1 .*but it is with adapter_dtype: float32"):
        train(tiny, tmp_path / "a", scale=1e5, adapter_dtype="model")


def test_a_last_update_that_overflows_leaves_no_adapter(tiny: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(MsmError, match=r"not finite after the last update; .*lower learning_rate"):
        train(tiny, tmp_path / "a", learning_rate=1e30, updates=1)
    assert not (tmp_path / "a" / WEIGHTS).exists()


def test_updates_that_overflow_are_laid_on_the_learning_rate(tiny: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(
        MsmError, match=r"with the adapter as it started it is finite.*lower learning_rate \(now 1e\+30"
    ):
        train(tiny, tmp_path / "a", learning_rate=1e30)
