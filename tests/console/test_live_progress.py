"""The block of progress on a terminal, at any width, and what stays above it."""

from __future__ import annotations

import io

import pytest
from helpers.terminals import shown, terminal
from rich.console import Console

from msm_mlx.console.live_progress import LiveReporter, draw_bar
from msm_mlx.console.terminal import TerminalConsole
from msm_mlx.console.time_left import TimeLeft


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def block(report: LiveReporter, width: int) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width, force_terminal=True, color_system=None).print(report)
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def report(clock: Clock) -> LiveReporter:
    report = LiveReporter(Console(file=io.StringIO()), TimeLeft(clock))
    report.plan({"documents": 180, "midtrain msm-s0": 40, "sft msm+sft-s0": 30, "evaluate base": 396, "results": 4})
    return report


def under_way(report: LiveReporter, clock: Clock) -> None:
    report.begin("documents", "not run yet", 180, "documents")
    report.advance("documents", 0, "1 draft begun")
    clock.now += 12
    report.advance("documents", 180, "200 drafts begun, 20 rejected, 1,000 tokens/s")
    report.finish("documents", 12.0)
    report.begin("midtrain msm-s0", "not run yet", 40, "updates")
    report.advance("midtrain msm-s0", 0, "")
    clock.now += 20
    report.advance("midtrain msm-s0", 20, "loss 0.294, 1,167 tokens/s")


def test_the_block_has_the_whole_the_stage_and_what_comes_next(report: LiveReporter, clock: Clock) -> None:
    under_way(report, clock)
    lines = block(report, 100)
    assert lines[0].startswith("all stages       ━━━━━━━━━")
    assert "1 of 5 stages, 32 s so far," in lines[0]
    assert lines[1] == f"midtrain msm-s0  {'━' * 10}{'─' * 10}  20 of 40 updates, 20 s left"
    assert lines[2] == "                 loss 0.294, 1,167 tokens/s"
    assert lines[3] == "then             sft msm+sft-s0, evaluate base and 1 more"


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_no_line_is_wrapped(report: LiveReporter, clock: Clock, width: int) -> None:
    under_way(report, clock)
    lines = block(report, width)
    assert len(lines) == (4 if width > 40 else 7)
    assert all(len(line) <= width for line in lines)


def test_a_narrow_block_is_one_column(report: LiveReporter, clock: Clock) -> None:
    under_way(report, clock)
    assert block(report, 40)[2:] == [
        "midtrain msm-s0",
        "  20 of 40 updates, 20 s left",
        "  loss 0.294, 1,167 tokens/s",
        "then",
        "  sft msm+sft-s0, evaluate base and 1 m…",
    ]


def test_before_the_first_stage_there_is_a_line(clock: Clock) -> None:
    assert block(LiveReporter(Console(file=io.StringIO()), TimeLeft(clock)), 80) == ["working  0 s so far"]


def test_stages_at_once_are_all_there_up_to_a_number(report: LiveReporter, clock: Clock) -> None:
    for number in range(9):
        report.begin(f"sft sft-s{number}", "not run yet", 30, "updates")
    assert sum(line.startswith("sft sft-s") for line in block(report, 100)) == 6


def test_what_is_done_stays_above_with_its_last_measurements(clock: Clock) -> None:
    stream = terminal()
    with LiveReporter(TerminalConsole(stream, {"TERM": "xterm", "NO_COLOR": "1"}), TimeLeft(clock)) as report:
        for _ in range(2):
            report.say("hello [red]you[/red]")
        report.skip("plan [x]", "done before")
        report.begin("sft [x]", "not run yet", 30, "updates")
        report.advance("sft [x]", 30, "loss 0.005, 600 tokens/s")
        report.finish("sft [x]", 4.0)
        report.complete(0, ["near: sft 0.47"])
    page = shown(stream)
    assert page.count("hello") == 1
    for line in (
        "hello [red]you[/red]",
        "- plan [x]: not run again: done before",
        "+ sft [x]: done in 4.0 s, loss 0.005, 600 tokens/s",
        "Seed 0 is complete.",
        "  near: sft 0.47",
    ):
        assert line in page


@pytest.mark.parametrize(("share", "full"), [(0.0, 0), (0.5, 10), (1.0, 20), (1.2, 20)])
def test_a_bar_is_as_full_as_its_share(share: float, full: int) -> None:
    assert draw_bar(share, 20, drawing=False) == "#" * full + "-" * (20 - full)
