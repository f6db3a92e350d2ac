"""`metrics.jsonl`: what every update did. After an interruption it reads as if there had been none, but for times
and memory, which are those of the process that did the update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from msm_mlx.files import append_jsonl, read_jsonl, write_jsonl

FLUSH_EVERY = 1.0  # seconds


@dataclass(frozen=True)
class Update:
    """What one update did. `loss` is in nats a learned token, `seconds` since the update before.

    `tokens` are all positions that went through the model, padding included; memory is in bytes.
    """

    number: int
    loss: float
    gradient_norm: float
    learning_rate: float
    learned_tokens: int
    tokens: int
    seconds: float
    peak_memory: int
    cache_memory: int


@dataclass(frozen=True)
class Validation:
    """The loss on the rows that are held out, after an update, and the update at which it was best so far."""

    number: int
    validation_loss: float
    best: int


class MetricsLog:
    """Appends to `path`, at most once in `FLUSH_EVERY` seconds and when `flush` asks for it."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path, self._clock = path, clock
        self._waiting: list[dict[str, object]] = []
        self._flushed = clock()

    def start(self, done: int) -> None:
        """Forget what a killed process wrote of updates after `done`: they are done again."""
        rows = read_jsonl(self._path) if done and self._path.exists() else []
        write_jsonl(self._path, [row for row in rows if row["number"] <= done])

    def update(self, update: Update) -> None:
        seconds = max(update.seconds, 1e-9)
        rates = {
            "learned_tokens_per_second": update.learned_tokens / seconds,
            "tokens_per_second": update.tokens / seconds,
        }
        self._add(asdict(update) | rates)

    def validation(self, validation: Validation) -> None:
        self._add(asdict(validation))

    def _add(self, row: dict[str, object]) -> None:
        self._waiting.append(row)
        if self._clock() - self._flushed >= FLUSH_EVERY:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            append_jsonl(self._path, self._waiting)
            self._waiting = []
        self._flushed = self._clock()
