"""What a run says of its progress. Stages report it, and the CLI decides how it looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Protocol

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int = 12) -> str:
    """The course of `values` in `width` characters, each the mean of its share of them."""
    count = min(width, len(values))
    edges = [len(values) * i // count for i in range(count + 1)] if count else []
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = (min(means), max(means)) if means else (0.0, 0.0)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(BARS[round((mean - low) * scale)] for mean in means)


def without_bars(text: str) -> str:
    """`text` without its sparklines, which a log and a screen reader cannot show."""
    return " ".join(text.translate(dict.fromkeys(map(ord, BARS))).split()).replace(" ,", ",")


class Reporter(Protocol):
    """Receives what happens during a run, in order. Several stages may run at once; it is called by one at a time."""

    def say(self, line: str) -> None:
        """Something worth knowing that belongs to no stage's progress."""

    def plan(self, totals: Mapping[str, int]) -> None:
        """The stages that are to run now, in order, with how many of its unit each is made of."""

    def skip(self, stage: str, reason: str) -> None:
        """A stage that need not run, and why."""

    def begin(self, stage: str, reason: str, total: int, unit: str) -> None:
        """A stage that runs now, why, and how many of what it is made of."""

    def advance(self, stage: str, done: int, detail: str) -> None:
        """How far a running stage has come."""

    def finish(self, stage: str, seconds: float) -> None:
        """A running stage is done."""

    def complete(self, seed: int, figures: Sequence[str]) -> None:
        """Every arm is trained with this seed and has answered, in part by this run; what they scored, in lines."""


class SilentReporter:
    """Tells nobody anything."""

    def say(self, line: str) -> None: ...

    def plan(self, totals: Mapping[str, int]) -> None: ...

    def skip(self, stage: str, reason: str) -> None: ...

    def begin(self, stage: str, reason: str, total: int, unit: str) -> None: ...

    def advance(self, stage: str, done: int, detail: str) -> None: ...

    def finish(self, stage: str, seconds: float) -> None: ...

    def complete(self, seed: int, figures: Sequence[str]) -> None: ...


class TurnsReporter:
    """Passes on what several threads report, while it holds the lock that they share."""

    def __init__(self, reporter: Reporter, turn: AbstractContextManager[object]) -> None:
        self._reporter, self._turn = reporter, turn

    def say(self, line: str) -> None:
        with self._turn:
            self._reporter.say(line)

    def plan(self, totals: Mapping[str, int]) -> None:
        with self._turn:
            self._reporter.plan(totals)

    def skip(self, stage: str, reason: str) -> None:
        with self._turn:
            self._reporter.skip(stage, reason)

    def begin(self, stage: str, reason: str, total: int, unit: str) -> None:
        with self._turn:
            self._reporter.begin(stage, reason, total, unit)

    def advance(self, stage: str, done: int, detail: str) -> None:
        with self._turn:
            self._reporter.advance(stage, done, detail)

    def finish(self, stage: str, seconds: float) -> None:
        with self._turn:
            self._reporter.finish(stage, seconds)

    def complete(self, seed: int, figures: Sequence[str]) -> None:
        with self._turn:
            self._reporter.complete(seed, figures)


class PlainReporter(SilentReporter):
    """Gives `write` a line for what is said, and for each stage that begins, ends or need not run."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def say(self, line: str) -> None:
        self._write(line)

    def skip(self, stage: str, reason: str) -> None:
        self._write(f"{stage}: not run again: {reason}")

    def begin(self, stage: str, reason: str, total: int, unit: str) -> None:
        self._write(f"{stage}: {total} {unit} ({reason})")

    def finish(self, stage: str, seconds: float) -> None:
        self._write(f"{stage}: done in {seconds:.1f} s")

    def complete(self, seed: int, figures: Sequence[str]) -> None:
        self._write(f"Seed {seed} is complete.")
        for line in figures:
            self._write(f"  {line}")
