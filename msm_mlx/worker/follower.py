"""What a rank of `mlx.launch` other than 0 does: write and train along, job after job, until there are no more.

It needs the models, gets the rest from rank 0, and writes no files.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msm_mlx.engine.adapters import LoraShape
from msm_mlx.engine.chat_model import LongPromptError
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.ranks import Ranks
from msm_mlx.training.adapter import train_adapter
from msm_mlx.training.broadcast import broadcast_rows
from msm_mlx.worker.job import TrainingJob, WritingJob, read_job
from msm_mlx.worker.shared_writing import write_shared

NOWHERE = Path("rank-without-files")


def follow(model_of: Callable[[str], LoadedModel], ranks: Ranks) -> None:
    """`model_of` gives the model of a role: the `base` that is trained, or the `writer`."""
    while (content := ranks.broadcast(None)) is not None:
        try:
            job = read_job(content)
            if isinstance(job, WritingJob):
                _write_along(job, model_of(job.role), ranks)
            else:
                _train_along(job, model_of("base"), ranks)
        except (KeyboardInterrupt, LongPromptError):  # rank 0 was asked to stop and saves, or says what is too long
            continue


def _write_along(job: WritingJob, loaded: LoadedModel, ranks: Ranks) -> None:
    for _ in write_shared(loaded, job, ranks):
        pass  # rank 0 has them too


def _train_along(job: TrainingJob, loaded: LoadedModel, ranks: Ranks) -> None:
    rows, shape = broadcast_rows(ranks, []), LoraShape(job.rank, job.scale)
    train_adapter(loaded, rows, job.train_settings(), shape, NOWHERE, seed=job.seed, base=job.base, ranks=ranks)
