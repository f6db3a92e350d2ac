"""Reporters for tests of what runs say."""

from __future__ import annotations

from msm_mlx.progress import SilentReporter


class SayingReporter(SilentReporter):
    """Keeps the lines that belong to no stage's progress."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)
