"""Rows to train on, and what `train` does an update with."""

from __future__ import annotations

import mlx.optimizers as optim

from helpers.tiny_models import train_settings
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.training.loss import chunked_cross_entropy
from msm_mlx.training.plan import plan_training
from msm_mlx.training.schedule import learning_rate
from msm_mlx.training.step import TrainingStep
from msm_mlx.training.tokenize import TokenRow, document_rows


def some_rows(loaded: LoadedModel) -> list[TokenRow]:
    return document_rows(loaded, ["the cat sat", "a dog", "the end of the day", "no", "yes and no"], 16)


def step_over(loaded: LoadedModel, **changes: object) -> TrainingStep:
    """What `train` does an update with, over the rows of a test."""
    settings = train_settings(**changes)
    plan = plan_training(loaded.model, some_rows(loaded), settings)
    optimizer = optim.AdamW(learning_rate(settings, 6))
    return TrainingStep(loaded.model, plan, chunked_cross_entropy, optimizer, settings.max_grad_norm)
