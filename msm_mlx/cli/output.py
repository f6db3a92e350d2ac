"""Where output goes: data to stdout, messages and progress to stderr."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape

from msm_mlx.console.live_progress import LiveReporter
from msm_mlx.console.terminal import TerminalConsole, is_plain
from msm_mlx.console.time_left import TimeLeft
from msm_mlx.progress import Reporter, SilentReporter, without_bars
from msm_mlx.text.wording import human_time

LOG_INTERVAL = 15.0  # seconds between two lines about one stage, where there is no bar


def print_json(content: object) -> None:
    """Data on stdout, with escapes where its encoding lacks characters."""
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    print(json.dumps(content, indent=2, ensure_ascii=not is_unicode))


def out() -> TerminalConsole:
    """The console for tables and other views of data, on stdout."""
    return TerminalConsole(sys.stdout, os.environ)


def out_lines() -> TerminalConsole:
    """The console for data that are lines, on stdout."""
    return TerminalConsole(sys.stdout, os.environ, whole_lines=True)


def err() -> TerminalConsole:
    """The console for messages, on stderr."""
    return TerminalConsole(sys.stderr, os.environ, whole_lines=True)


class LineReporter(SilentReporter):
    """For logs and pipes: a line for every event, and one every quarter of a minute while a stage works."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = console
        self._clock, self._time_left = clock, TimeLeft(clock)
        self._running: dict[str, tuple[int, str]] = {}  # the total and unit of each stage
        self._last_line: dict[str, float] = {}

    def __enter__(self) -> Reporter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def say(self, line: str) -> None:
        self.console.print(escape(line))

    def plan(self, totals: Mapping[str, int]) -> None:
        self._time_left.plan(totals)

    def skip(self, stage: str, reason: str) -> None:
        self._time_left.skip(stage)
        self._line("[ok]-[/]", f"{stage}: not run again: {reason}")

    def begin(self, stage: str, reason: str, total: int, unit: str) -> None:
        self._running[stage], self._last_line[stage] = (total, unit), self._clock()
        self._time_left.begin(stage, total)
        self._line("[name]>[/]", f"{stage}: {total} {unit} ({reason})")

    def advance(self, stage: str, done: int, detail: str) -> None:
        self._time_left.advance(stage, done)
        if self._clock() - self._last_line[stage] >= LOG_INTERVAL:
            self._last_line[stage] = self._clock()
            total, unit = self._running[stage]
            line = f"{stage}: {done} of {total} {unit}, {without_bars(detail)}"
            self._line(" ", f"{line}{left_in_words(self._time_left, stage)}")

    def finish(self, stage: str, seconds: float) -> None:
        self._time_left.finish(stage, seconds)
        self._line("[ok]+[/]", f"{stage}: done in {seconds:.1f} s")

    def complete(self, seed: int, figures: Sequence[str]) -> None:
        self._line("[ok]*[/]", f"Seed {seed} is complete.")
        for line in figures:
            self._line(" ", line)

    def _line(self, mark: str, line: str) -> None:
        """A line behind a mark that shows what it is about at a glance; the words tell it too."""
        self.console.print(escape(line) if is_plain(self.console) else f"{mark} {escape(line)}")


def left_in_words(time_left: TimeLeft, stage: str) -> str:
    """`; 40 s left, 3 min until all is done`, as far as it is known."""
    of_stage, of_all = time_left.of_stage(stage), time_left.of_all()
    parts = [f"{human_time(of_stage)} left"] if of_stage is not None else []
    if of_all is not None and time_left.waiting:
        parts.append(f"{human_time(of_all)} until all is done")
    return f"; {', '.join(parts)}" if parts else ""


class QuietReporter(SilentReporter):
    """Prints nothing."""

    def __enter__(self) -> Reporter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def reporter(*, quiet: bool) -> LineReporter | LiveReporter | QuietReporter:
    """A live block where the cursor may move, lines elsewhere, and nothing if `quiet`."""
    if quiet:
        return QuietReporter()
    console = err()
    return LiveReporter(console) if console.abilities.cursor else LineReporter(console)
