"""The process that trains. A GPU fault ends it and not the run: `msm_mlx.worker.supervisor` is its other half.

Under `mlx.launch` it writes documents too, together with the other ranks.

    python -m msm_mlx.worker.process

Reads a job a line from stdin and writes what happens a line to stdout, both as JSON. Ends, whatever it is doing, when
stdin is closed, so that it never outlives the process that it works for.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from msm_mlx.errors import MsmError
from msm_mlx.resources.blas import load_openblas
from msm_mlx.training.metrics import Update
from msm_mlx.worker.job import TrainingJob, WritingJob, read_job

if TYPE_CHECKING:
    from msm_mlx.engine.loaded_model import LoadedModel, ModelCache
    from msm_mlx.engine.ranks import Ranks
    from msm_mlx.training.tokenize import TokenRow


def main() -> None:
    load_openblas()
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not stand between the messages
    interrupted = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    jobs: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    idle = threading.Event()
    idle.set()
    threading.Thread(target=_listen, args=(jobs, idle), daemon=True).start()
    from msm_mlx.engine.loaded_model import ModelCache
    from msm_mlx.engine.ranks import join_ranks

    ranks, models = join_ranks(), ModelCache()
    read: dict[str, list[TokenRow]] = {}
    while (line := jobs.get()) is not None:
        idle.clear()
        job = read_job(json.loads(line))
        try:
            if isinstance(job, WritingJob):
                _write(job, channel, interrupted, ranks, models)
            elif job.probe:
                _probe(job, channel, models)
            else:
                _train(job, channel, interrupted, ranks, models, read)
            _tell(channel, event="done")
        except KeyboardInterrupt:
            _tell(channel, event="stopped")
        except MsmError as error:
            _tell(channel, event="error", message=str(error), exit_code=error.exit_code)
        idle.set()
    ranks.broadcast(None)  # no more jobs


def _listen(jobs: queue.SimpleQueue[str | None], idle: threading.Event) -> None:
    for line in sys.stdin:
        jobs.put(line)
    jobs.put(None)
    while idle.is_set():  # until the process ends by itself, or turns to a job that nobody waits for
        time.sleep(0.1)
    os._exit(0)


def _tell(channel: TextIO, **message: Any) -> None:
    channel.write(json.dumps(message) + "\n")
    channel.flush()


def _write(
    job: WritingJob, channel: TextIO, interrupted: threading.Event, ranks: Ranks, models: ModelCache
) -> None:  # fmt: skip
    from msm_mlx.worker.shared_writing import write_shared

    loaded = models.load(Path(job.model))
    ranks.broadcast(asdict(job))

    def say(line: str) -> None:
        _tell(channel, event="say", line=line)

    for place, reply in write_shared(loaded, job, ranks, interrupted.is_set, say):
        _tell(channel, event="reply", place=place, reply=asdict(reply))


def _train(
    job: TrainingJob,
    channel: TextIO,
    interrupted: threading.Event,
    ranks: Ranks,
    models: ModelCache,
    read: dict[str, list[TokenRow]],
) -> None:
    from msm_mlx.engine.adapters import LoraShape
    from msm_mlx.engine.limits import bounded_memory
    from msm_mlx.training.adapter import train_adapter
    from msm_mlx.training.broadcast import broadcast_rows

    def on_update(update: Update) -> None:
        _tell(channel, event="update", **asdict(update))

    loaded = models.load(Path(job.model))
    rows = _rows(loaded, job, read)
    ranks.broadcast(asdict(job))
    broadcast_rows(ranks, rows)
    with bounded_memory() as said:
        for line in said:
            _tell(channel, event="say", line=line)
        train_adapter(
            loaded,
            rows,
            job.train_settings(),
            LoraShape(job.rank, job.scale),
            Path(job.folder),
            seed=job.seed,
            base=job.base,
            start=job.start_folder,
            on_update=on_update,
            say=lambda line: _tell(channel, event="say", line=line),
            should_stop=interrupted.is_set,
            ranks=ranks,
        )


def _probe(job: TrainingJob, channel: TextIO, models: ModelCache) -> None:
    from msm_mlx.engine.adapters import LoraShape, add_lora
    from msm_mlx.engine.limits import bounded_memory
    from msm_mlx.training.probe import probe_training

    loaded = models.load(Path(job.model))
    add_lora(loaded.model, LoraShape(job.rank, job.scale), job.seed)
    with bounded_memory():
        peak, seconds = probe_training(loaded.model, len(loaded.tokenizer.get_vocab()), job.train_settings())
    _tell(channel, event="probed", peak=peak, seconds=seconds)


def _rows(loaded: LoadedModel, job: TrainingJob, read: dict[str, list[TokenRow]]) -> list[TokenRow]:
    """The job's rows, read once for all seeds and arms that train on the same data in the same way."""
    from msm_mlx.training.row_cache import load_rows

    key = json.dumps([job.model, job.kind, job.data, job.settings, job.reasoned])
    if key not in read:
        read[key] = load_rows(loaded, job.kind, Path(job.data), job.settings, reasoned=job.reasoned)
    return read[key]


if __name__ == "__main__":
    main()
