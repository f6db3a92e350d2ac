"""A small training job for the model process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers.tiny_models import POCKET_WEIGHTS
from msm_mlx.files import write_jsonl
from msm_mlx.recipe.schema import MidtrainSettings
from msm_mlx.worker.job import TrainingJob


def job(folder: Path, **changes: Any) -> TrainingJob:
    settings = {"learning_rate": 0.01, "updates": 6, "batch_size": 2, "max_length": 32, "checkpoint_every": 2} | changes
    write_jsonl(folder / "documents.jsonl", [{"text": f"the {word} is good"} for word in ("cheese", "gown", "ride")])
    return TrainingJob(
        method="midtrain",
        model=str(POCKET_WEIGHTS),
        base="pocket",
        data=str(folder / "documents.jsonl"),
        settings=MidtrainSettings(**settings).model_dump(mode="json"),
        rank=2,
        scale=2.0,
        seed=0,
        folder=str(folder / "adapter"),
        start=None,
    )
