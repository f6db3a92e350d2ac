"""What a rank of `mlx.launch` other than 0 does: its share of every job, until rank 0 has no more.

It needs the models, receives everything else from rank 0, and writes no files.
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
from msm_mlx.worker.job import AnyJob, TrainingJob, WritingJob, parse_job
from msm_mlx.worker.shared_writing import write_shared

UNUSED_FOLDER = Path("rank-without-files")


def follow(load: Callable[[AnyJob], LoadedModel], ranks: Ranks) -> None:
    """Do this rank's share of all jobs. `load` gives the model of a job, with its rendering."""
    while (content := ranks.broadcast(None)) is not None:
        job = parse_job(content)
        do_share(job, load(job), ranks)


def do_share(job: AnyJob, loaded: LoadedModel, ranks: Ranks) -> None:
    """Do this rank's share of one job, until it is done or all ranks stop."""
    try:
        if isinstance(job, WritingJob):
            _write_share(job, loaded, ranks)
        else:
            assert isinstance(job, TrainingJob), "rank 0 answers alone"
            _train_share(job, loaded, ranks)
    except (KeyboardInterrupt, LongPromptError):  # all ranks stop at once; rank 0 saves and reports
        return


def _write_share(job: WritingJob, loaded: LoadedModel, ranks: Ranks) -> None:
    for _ in write_shared(loaded, job, ranks):
        pass  # rank 0 receives the replies too, and keeps them


def _train_share(job: TrainingJob, loaded: LoadedModel, ranks: Ranks) -> None:
    rows, shape = broadcast_rows(ranks, []), LoraShape(job.rank, job.scale)
    train_adapter(loaded, rows, job.train_settings(), shape, UNUSED_FOLDER, seed=job.seed, base=job.base, ranks=ranks)
