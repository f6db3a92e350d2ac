"""Where output goes: data to stdout, messages and progress to stderr."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from msm_mlx.console.terminal import TerminalConsole, is_plain
from msm_mlx.progress import Reporter, SilentReporter, without_bars

LOG_INTERVAL = 15.0  # seconds between two lines about one stage, where there is no bar
WIDE, NARROW = 110, 76  # columns that a stage takes with its bar and measurements, in one line and in two


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
        self._clock = clock
        self._running: dict[str, tuple[int, str]] = {}  # the total and unit of each stage
        self._last_line: dict[str, float] = {}

    def __enter__(self) -> Reporter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def say(self, line: str) -> None:
        self.console.print(escape(line))

    def skip(self, stage: str, reason: str) -> None:
        self._line("[ok]-[/]", f"{stage}: not run again: {reason}")

    def begin(self, stage: str, reason: str, total: int, unit: str) -> None:
        self._running[stage], self._last_line[stage] = (total, unit), self._clock()
        self._line("[name]>[/]", f"{stage}: {total} {unit} ({reason})")

    def advance(self, stage: str, done: int, detail: str) -> None:
        if self._clock() - self._last_line[stage] >= LOG_INTERVAL:
            self._last_line[stage] = self._clock()
            total, unit = self._running[stage]
            self._line(" ", f"{stage}: {done} of {total} {unit}, {without_bars(detail)}")

    def finish(self, stage: str, seconds: float) -> None:
        self._line("[ok]+[/]", f"{stage}: done in {seconds:.1f} s")

    def _line(self, mark: str, line: str) -> None:
        """A line behind a mark that shows what it is about at a glance; the words tell it too."""
        self.console.print(escape(line) if is_plain(self.console) else f"{mark} {escape(line)}")


class BarReporter(LineReporter):
    """For terminals: a progress bar of each running stage, with its measurements and the time that is left."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._bar = Progress(*_columns(console.width), console=console, transient=True)
        self._tasks: dict[str, TaskID] = {}
        self._details: dict[str, str] = {}

    def __enter__(self) -> Reporter:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def begin(self, stage: str, reason: str, total: int, unit: str) -> None:
        self._tasks[stage] = self._bar.add_task(escape(stage), total=max(total, 1), detail=escape(unit))

    def advance(self, stage: str, done: int, detail: str) -> None:
        self._details[stage] = f", {detail}"
        shown = without_bars(detail) if self.console.options.ascii_only else detail
        self._bar.update(self._tasks[stage], completed=done, detail=escape(shown))

    def finish(self, stage: str, seconds: float) -> None:
        self._bar.remove_task(self._tasks.pop(stage))
        detail = self._details.pop(stage, "")
        self._line("[ok]+[/]", f"{stage}: done in {seconds:.1f} s{without_bars(detail)}")


def _columns(width: int) -> list[ProgressColumn]:
    """What is shown of a stage: in one line, or in two where that is short, and with a bar where there is room."""
    if width >= WIDE:
        measured = [BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.fields[detail]}")]
        return [TextColumn("{task.description}"), *measured, TimeRemainingColumn()]
    lines = "{task.description}\n  {task.completed} of {task.total}, {task.fields[detail]}"
    bar = [BarColumn(bar_width=10)] if width >= NARROW else []
    return [TextColumn(lines, table_column=Column(no_wrap=True)), *bar, TimeRemainingColumn(compact=True)]


class QuietReporter(SilentReporter):
    """Prints nothing."""

    def __enter__(self) -> Reporter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def reporter(*, quiet: bool) -> LineReporter | QuietReporter:
    """A progress bar where the cursor may move, lines elsewhere, and nothing if `quiet`."""
    if quiet:
        return QuietReporter()
    console = err()
    return BarReporter(console) if console.abilities.cursor else LineReporter(console)
