"""What a run tells whoever watches it. Stages report; how it is shown is the CLI's business."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Receives what happens during a run, in order."""

    def say(self, line: str) -> None:
        """Something worth knowing that belongs to no stage's progress."""

    def skip(self, stage: str, reason: str) -> None:
        """A stage that need not run, and why."""

    def begin(self, stage: str, reason: str, total: int, unit: str) -> None:
        """A stage that runs now, why, and how many of what it is made of."""

    def advance(self, done: int, detail: str) -> None:
        """How far the running stage has come."""

    def finish(self, stage: str, seconds: float) -> None:
        """The running stage is done."""


class SilentReporter:
    """Tells nobody anything."""

    def say(self, line: str) -> None: ...

    def skip(self, stage: str, reason: str) -> None: ...

    def begin(self, stage: str, reason: str, total: int, unit: str) -> None: ...

    def advance(self, done: int, detail: str) -> None: ...

    def finish(self, stage: str, seconds: float) -> None: ...
