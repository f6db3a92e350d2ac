"""How much longer the stages of a run will take, by how long those of their kind have taken in it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# Seconds a unit takes with the embedded model on two cores. Only their ratios count, and only until a stage of the kind
# has been seen.
USUAL = {
    "documents": 0.07, "critique": 0.1, "midtrain": 0.35, "sft": 0.12, "evaluate": 0.008, "perplexity": 0.02,
    "judge": 0.02, "results": 0.3,
}  # fmt: skip
BRIEF = 0.001  # seconds a unit of any other kind takes
MIN_SECONDS = 1.0  # of work, before anything is said of the whole


@dataclass
class _Work:
    """A stage that waits or runs. Its pace is measured from its first unit on: models are loaded before that."""

    total: int
    began: float | None = None
    first: tuple[float, int] | None = None
    """When it was first heard of, and how far it was then."""
    done: int = 0

    def pace(self, now: float) -> float | None:
        """Seconds a unit takes, once that can be seen."""
        if self.first is None or self.done <= self.first[1]:
            return None
        return (now - self.first[0]) / (self.done - self.first[1])

    def left(self, pace: float, now: float) -> float:
        """Seconds that it will still take."""
        if self.began is not None and self.first is None:
            return max(self.total * pace - (now - self.began), 0.0)
        return max(self.total - self.done, 0) * pace


@dataclass
class TimeLeft:
    """Hears what a `Reporter` hears, and tells how long it will take."""

    clock: Callable[[], float] = time.monotonic
    _stages: dict[str, _Work] = field(default_factory=dict)
    """Those that wait or run, in order."""
    _finished: int = 0
    _units: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """What finished stages had of units and took, by their kind."""
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()

    def plan(self, totals: Mapping[str, int]) -> None:
        """The stages that are to run from now on, with how many units each has."""
        self._stages = {stage: _Work(total) for stage, total in totals.items()}
        self._finished = 0

    def begin(self, stage: str, total: int) -> None:
        self._stages[stage] = _Work(total, began=self.clock())

    def advance(self, stage: str, done: int) -> None:
        work = self._stages[stage]
        work.first = work.first or (self.clock(), done)
        work.done = done

    def finish(self, stage: str, seconds: float) -> None:
        self._units[_kind(stage)] += self._stages.pop(stage).total
        self._seconds[_kind(stage)] += seconds
        self._finished += 1

    def skip(self, stage: str) -> None:
        self._stages.pop(stage, None)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.clock() - self._started

    @property
    def waiting(self) -> list[str]:
        """The stages that have not begun, in order."""
        return [name for name, work in self._stages.items() if work.began is None]

    @property
    def counts(self) -> tuple[int, int]:
        """How many of the planned stages are finished, and how many there are."""
        return self._finished, self._finished + len(self._stages)

    def of_stage(self, stage: str) -> float | None:
        """Seconds that a running stage will still take; None if there is no telling yet."""
        work, now = self._stages[stage], self.clock()
        pace = work.pace(now) or self._pace_of(_kind(stage))
        return None if pace is None else work.left(pace, now)

    def of_all(self) -> float | None:
        """Seconds until all is done; None if there is no telling yet. Stages that ran at once will do so again."""
        now, scale = self.clock(), self._scale()
        if scale is None:
            return None
        left = []
        for name, work in self._stages.items():
            pace = work.pace(now) or self._pace_of(_kind(name)) or _usual(name) * scale
            left.append(work.left(pace, now))
        running = sum(now - work.began for work in self._stages.values() if work.began is not None)
        at_once = max(1.0, (sum(self._seconds.values()) + running) / max(self.elapsed, MIN_SECONDS))
        return max(sum(left) / at_once, *left, 0.0)

    def _pace_of(self, kind: str) -> float | None:
        """Seconds a unit took in the finished stages of a kind."""
        return self._seconds[kind] / self._units[kind] if self._units.get(kind) else None

    def _scale(self) -> float | None:
        """How much longer than usual it took so far; None if nothing has come far enough to tell."""
        now = self.clock()
        paces = [(name, work.done, work.pace(now)) for name, work in self._stages.items()]
        took = sum(self._seconds.values()) + sum(pace * done for _, done, pace in paces if pace)
        usual = sum(_usual(kind) * units for kind, units in self._units.items())
        usual += sum(_usual(name) * done for name, done, pace in paces if pace)
        return took / usual if usual and took >= MIN_SECONDS else None


def _kind(stage: str) -> str:
    """`midtrain` of `midtrain msm-s0`."""
    return stage.partition(" ")[0]


def _usual(stage: str) -> float:
    return USUAL.get(_kind(stage), BRIEF)
