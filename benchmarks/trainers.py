"""Updates by our trainer and by mlx_lm's, on the same rows and with the same settings, each with its time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from msm_mlx.resources.blas import load_openblas

load_openblas()

import mlx.optimizers as optim  # noqa: E402  (the BLAS must be there first)
import numpy as np  # noqa: E402
from mlx_lm.tuner import trainer as peer  # noqa: E402

from msm_mlx.recipe.schema import TrainSettings  # noqa: E402
from msm_mlx.training.metrics import Update  # noqa: E402
from msm_mlx.training.tokenize import TokenRow  # noqa: E402
from msm_mlx.training.trainer import TrainingCallbacks, train  # noqa: E402


@dataclass(frozen=True)
class Task:
    """Rows, and how they are trained on."""

    rows: list[TokenRow]
    batch_size: int
    max_length: int
    updates: int  # after a first one that is not measured
    learning_rate: float = 1e-4


@dataclass(frozen=True)
class TimedUpdate:
    """The useful tokens of one update, those that are learned and no padding, and its time."""

    useful: int
    seconds: float


def tokens_per_second(updates: Sequence[TimedUpdate]) -> float:
    """Useful tokens a second, without the first update."""
    measured = updates[1:]
    return sum(update.useful for update in measured) / max(sum(update.seconds for update in measured), 1e-9)


def our_updates(model: Any, task: Task, seed: int = 0) -> list[TimedUpdate]:
    """Train the adapter of `model`: one update more than the task measures."""
    updates: list[Update] = []
    settings = TrainSettings(
        learning_rate=task.learning_rate,
        updates=task.updates + 1,
        batch_size=task.batch_size,
        max_length=task.max_length,
        checkpoint_every=10**6,
    )
    callbacks = TrainingCallbacks(updates.append)
    train(model, task.rows, settings, seed=seed, checkpoint=Path("none"), callbacks=callbacks)
    return [TimedUpdate(update.supervised_tokens, update.seconds) for update in updates]


class PeerRows:
    """Rows as mlx_lm's trainer takes them: ids, and where the prompt ends."""

    def __init__(self, rows: Sequence[TokenRow]) -> None:
        self._rows = [(list(row.ids), 0) for row in rows]

    def __getitem__(self, index: int) -> tuple[list[int], int]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)


def peer_updates(model: Any, task: Task, before_each: Callable[[], None] = lambda: None) -> list[TimedUpdate]:
    """The same by mlx_lm's trainer. `before_each` is called before each update and is not measured."""
    started, ended, useful = list[float](), list[float](), list[int]()

    def batches(*arguments: Any, **options: Any) -> Iterator[Any]:
        for batch, lengths in peer.iterate_batches(*arguments, **options):
            if len(started) <= task.updates:
                before_each()
                started.append(time.perf_counter())
                useful.append(int((np.array(lengths)[:, 1] - 1).sum()))
            yield batch, lengths
            ended.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        arguments = peer.TrainingArgs(
            batch_size=task.batch_size,
            iters=task.updates + 1,
            val_batches=0,
            steps_per_report=10**6,
            steps_per_eval=10**6,
            steps_per_save=10**6,
            max_seq_length=task.max_length,
            adapter_file=f"{folder}/adapters.safetensors",
        )
        np.random.seed(0)
        optimizer = optim.AdamW(learning_rate=task.learning_rate, bias_correction=True)
        peer.train(model, optimizer, PeerRows(task.rows), None, arguments, iterate_batches=batches)
    ended.append(time.perf_counter())
    return [TimedUpdate(*one) for one in zip(useful, map(float.__sub__, ended, started), strict=False)]
