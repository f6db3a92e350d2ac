"""Progress on a terminal: one block that is drawn anew in its place, with the whole run and each stage that runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from msm_mlx.console.time_left import TimeLeft
from msm_mlx.progress import Reporter, without_bars
from msm_mlx.text.terminal import literal, visible
from msm_mlx.text.wording import human_time

BARS = (20, 10, 0)  # columns that a bar may take, by what there is room for
WORDS = 40  # columns that should be left for words beside the name of a stage and its bar
MAX_STAGES = 6  # that are drawn at once
MAX_NEXT = 2  # stages that are named before they run
REFRESHES = 4  # a second


@dataclass
class _Running:
    """A stage that runs."""

    total: int
    unit: str
    done: int = 0
    detail: str = ""


class LiveReporter:
    """What was said and what is done stay above the block; the block itself is gone at the end. Several threads may
    report."""

    def __init__(self, console: Console, time_left: TimeLeft | None = None) -> None:
        self.console = console
        self._time_left = time_left or TimeLeft()
        self._running: dict[str, _Running] = {}
        self._lines_said: set[str] = set()
        self._lock = threading.RLock()
        self._live = Live(self, console=console, refresh_per_second=REFRESHES, transient=True)

    def __enter__(self) -> Reporter:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._running.clear()
        self._live.stop()

    def say(self, line: str) -> None:
        """What every training says anew is told once."""
        with self._lock:
            is_new = line not in self._lines_said
            self._lines_said.add(line)
        if is_new:
            self.console.print(literal(line))

    def plan(self, totals: Mapping[str, int]) -> None:
        with self._lock:
            self._time_left.plan(totals)

    def skip(self, stage: str, reason: str) -> None:
        with self._lock:
            self._time_left.skip(stage)
        self.console.print(f"[ok]-[/] {escape(stage)}: not run again: {escape(reason)}")

    def begin(self, stage: str, reason: str, total: int, unit: str) -> None:
        with self._lock:
            self._running[stage] = _Running(total, unit)
            self._time_left.begin(stage, total)

    def advance(self, stage: str, done: int, detail: str) -> None:
        with self._lock:
            running = self._running[stage]
            running.done, running.detail = done, detail
            self._time_left.advance(stage, done)

    def finish(self, stage: str, seconds: float) -> None:
        with self._lock:
            self._time_left.finish(stage, seconds)
            detail = self._running.pop(stage).detail
        line = f"[ok]+[/] {escape(stage)}: done in {seconds:.1f} s"
        self.console.print(f"{line}, {escape(without_bars(detail))}" if detail else line)

    def complete(self, seed: int, figures: Sequence[str]) -> None:
        self.console.print(Text(f"Seed {seed} is complete.", "bold"))
        for line in figures:
            self.console.print(literal(f"  {line}"))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with self._lock:
            lines = list(self._lines(options.max_width, drawing=not options.ascii_only))
        for line in lines:
            line.truncate(options.max_width, overflow="crop" if options.ascii_only else "ellipsis")
            yield line

    def _lines(self, width: int, *, drawing: bool) -> Iterator[Text]:
        """The run as a whole, the stages that run, and what comes next: in two columns, or one where that is narrow."""
        shown = list(self._running.items())[:MAX_STAGES]
        whole = "all stages" if any(self._time_left.counts) else "working"
        names = 2 + max(cell_len(name) for name in (whole, *(visible(name) for name, _ in shown)))
        bar = next((bar for bar in BARS if names + bar + 2 + WORDS <= width), None)

        def lines(name: str, share: float | None, *words: str) -> Iterator[Text]:
            drawn = f"{draw_bar(share, bar, drawing=drawing)}  " if bar and share is not None else ""
            heads = [visible(name), *[""] * (len(words) - 1)]
            for head, text in zip(heads, filter(None, words), strict=False):
                if bar is not None:
                    yield Text.assemble((set_cell_size(head, names), "bold"), (drawn if head else "", "name"), text)
                else:
                    yield from ([Text(head, "bold")] if head else [])
                    yield Text(f"  {text}")

        yield from lines(whole, self._share(), self._whole())
        for name, stage in shown:
            share = stage.done / stage.total if stage.total else 0.0
            left = _left(self._time_left.of_stage(name))
            detail = visible(stage.detail if drawing else without_bars(stage.detail))
            yield from lines(name, share, f"{stage.done} of {stage.total} {stage.unit}{left}", detail)
        if waiting := self._time_left.waiting:
            more = f" and {len(waiting) - MAX_NEXT} more" if len(waiting) > MAX_NEXT else ""
            for line in lines("then", None, f"{visible(', '.join(waiting[:MAX_NEXT]))}{more}"):
                line.stylize("quiet")
                yield line

    def _share(self) -> float | None:
        left = self._time_left.of_all()
        return None if left is None else self._time_left.elapsed / max(self._time_left.elapsed + left, 1e-9)

    def _whole(self) -> str:
        done, count = self._time_left.counts
        stages = f"{done} of {count} stages, " if count else ""
        return f"{stages}{human_time(self._time_left.elapsed)} so far{_left(self._time_left.of_all())}"


def draw_bar(share: float, width: int, *, drawing: bool) -> str:
    """A bar of which `share` is full; of marks in ASCII unless the console can draw."""
    full, empty = ("\u2501", "\u2500") if drawing else ("#", "-")
    length = round(min(max(share, 0.0), 1.0) * width)
    return full * length + empty * (width - length)


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f", {human_time(seconds)} left"
