"""Reporters for tests of what runs say."""

from __future__ import annotations

from collections.abc import Sequence

from msm_mlx.progress import SilentReporter


class SayingReporter(SilentReporter):
    """Keeps the lines that belong to no stage's progress."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


class StageReporter(SayingReporter):
    """Keeps besides which stages ran, with the reason, and which were skipped."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self.progress: list[tuple[int, str]] = []
        self.finished: list[str] = []
        self.complete_seeds: list[int] = []

    def skip(self, stage: str, reason: str) -> None:
        self.skipped[stage] = reason

    def begin(self, stage: str, reason: str, total: int, unit: str) -> None:
        self.begun[stage] = reason

    def advance(self, stage: str, done: int, detail: str) -> None:
        self.progress.append((done, detail))

    def finish(self, stage: str, seconds: float) -> None:
        self.finished.append(stage)

    def complete(self, seed: int, figures: Sequence[str]) -> None:
        self.complete_seeds.append(seed)
