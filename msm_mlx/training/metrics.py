"""`metrics.jsonl`: one line for every update and every validation.

A run that was interrupted leaves the same lines as one that was not, except for seconds and memory, which are those of
the process that did the update.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from msm_mlx.files import append_jsonl, read_whole_lines, write_jsonl

FLUSH_SECONDS = 1.0


@dataclass(frozen=True)
class Update:
    """The measurements of one optimiser update."""

    number: int
    """Counted from 1."""
    loss: float
    """Mean over the supervised tokens, in nats."""
    gradient_norm: float
    """L2 norm before clipping."""
    learning_rate: float
    supervised_tokens: int
    tokens: int
    """All positions that went through the model, padding included."""
    seconds: float
    """Since the update before."""
    peak_memory: int
    """Bytes."""
    cache_memory: int
    """Bytes."""


@dataclass(frozen=True)
class Validation:
    """The loss on held-out rows after update `number`, and the update after which it was best so far."""

    number: int
    validation_loss: float
    best: int


class MetricsLog:
    """Appends to `path`, at most once in `FLUSH_SECONDS` and whenever `flush` is called."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path, self._clock = path, clock
        self._buffer: list[dict[str, object]] = []
        self._last_flush = clock()

    def start(self, finished_updates: int) -> None:
        """Drop what a killed process wrote about updates after its last checkpoint: they are done again.

        Raises:
            MsmError: if a line before the last is damaged.
        """
        rows = read_whole_lines(self._path) if finished_updates else []  # a kill may have torn the last line
        write_jsonl(self._path, [row for row in rows if row["number"] <= finished_updates])

    def update(self, update: Update) -> None:
        seconds = max(update.seconds, 1e-9)
        rates = {
            "supervised_tokens_per_second": update.supervised_tokens / seconds,
            "tokens_per_second": update.tokens / seconds,
        }
        self._add(asdict(update) | rates)

    def validation(self, validation: Validation) -> None:
        self._add(asdict(validation))

    def _add(self, row: dict[str, object]) -> None:
        self._buffer.append(row)
        if self._clock() - self._last_flush >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        if self._buffer:
            append_jsonl(self._path, self._buffer)
            self._buffer = []
        self._last_flush = self._clock()


@dataclass(frozen=True)
class ProbedTraining:
    """Peak memory in bytes, and seconds of an update, from the last of `updates` of as many `rows`."""

    peak: int
    seconds: float
    rows: int
    updates: int

    @property
    def measured_on(self) -> str:
        """What it is extrapolated from, in words."""
        updates = "1 update" if self.updates == 1 else f"{self.updates} updates"
        return f"from {updates} of {self.rows} {'row' if self.rows == 1 else 'rows'}"

    def as_of(self, rows: int) -> ProbedTraining:
        """With the seconds that an update of so many rows would take."""
        return replace(self, seconds=self.seconds * rows / self.rows)
