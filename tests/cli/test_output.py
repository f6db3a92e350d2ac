"""What a watcher sees of a run."""

from __future__ import annotations

import io

from helpers.terminals import pipe, shown, terminal
from rich.console import Console

from msm_mlx.cli.output import LineReporter
from msm_mlx.console.terminal import TerminalConsole


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_lines_for_a_log() -> None:
    """Every event has its line, a long stage one every quarter of a minute, and markup in a name is text."""
    file, clock = io.StringIO(), Clock()
    report = LineReporter(Console(file=file, width=200), clock)

    report.say("hello [red]you[/red]")
    report.plan({"documents [x]": 9, "midtrain msm-s0": 40, "midtrain msm-s1": 40})
    report.skip("documents [x]", "done before")
    report.begin("midtrain msm-s0", "not run yet", 40, "updates")
    for now, done in ((10.0, 5), (31.0, 12), (40.0, 15)):
        clock.now = now
        report.advance("midtrain msm-s0", done, f"loss {1 / done:.3f}")
    report.finish("midtrain msm-s0", 61.25)
    report.complete(0, ["near [x]: sft 0.47"])

    assert file.getvalue().splitlines() == [
        "hello [red]you[/red]",
        "- documents [x]: not run again: done before",
        "> midtrain msm-s0: 40 updates (not run yet)",
        "  midtrain msm-s0: 12 of 40 updates, loss 0.083; 84 s left, 3 min until all is done",
        "+ midtrain msm-s0: done in 61.2 s",
        "* Seed 0 is complete.",
        "  near [x]: sft 0.47",
    ]


def test_plain_lines_have_no_marks_and_no_log_has_sparklines() -> None:
    streams = terminal(), pipe()
    for stream in streams:
        clock = Clock()
        report = LineReporter(TerminalConsole(stream, {"TERM": "dumb"}), clock)
        report.skip("plan", "done before")
        report.begin("sft", "not run yet", 4, "updates")
        clock.now = 20.0
        report.advance("sft", 2, "loss 0.5 \u2581\u2588, 9 tokens/s")
        report.finish("sft", 1.0)

    assert shown(streams[0]).splitlines() == [
        "plan: not run again: done before",
        "sft: 4 updates (not run yet)",
        "sft: 2 of 4 updates, loss 0.5, 9 tokens/s",
        "sft: done in 1.0 s",
    ]
    assert shown(streams[1]).splitlines()[2] == "  sft: 2 of 4 updates, loss 0.5, 9 tokens/s"
