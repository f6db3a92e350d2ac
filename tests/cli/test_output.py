"""What a watcher sees of a run."""

from __future__ import annotations

import io

from helpers.terminals import pipe, shown, terminal
from rich.console import Console

from msm_mlx.cli.output import LineReporter
from msm_mlx.console.terminal import TerminalConsole


def test_lines_for_a_log() -> None:
    """Every event has its line, a long stage one every half minute, and markup in a name is text."""
    file = io.StringIO()
    times = iter([0.0, 10.0, 31.0, 31.0, 40.0])
    report = LineReporter(Console(file=file, width=200), clock=lambda: next(times))

    report.say("hello [red]you[/red]")
    report.skip("documents [x]", "done before")
    report.begin("midtrain msm-s0", "not run yet", 40, "updates")
    report.advance("midtrain msm-s0", 5, "loss 1.000")
    report.advance("midtrain msm-s0", 9, "loss 0.500")
    report.advance("midtrain msm-s0", 12, "loss 0.400")
    report.finish("midtrain msm-s0", 61.25)
    report.complete(0, ["near [x]: sft 0.47"])

    assert file.getvalue().splitlines() == [
        "hello [red]you[/red]",
        "- documents [x]: not run again: done before",
        "> midtrain msm-s0: 40 updates (not run yet)",
        "  midtrain msm-s0: 9 of 40 updates, loss 0.500",
        "+ midtrain msm-s0: done in 61.2 s",
        "* Seed 0 is complete.",
        "  near [x]: sft 0.47",
    ]


def test_plain_lines_have_no_marks_and_no_log_has_sparklines() -> None:
    streams = terminal(), pipe()
    for stream in streams:
        times = iter([0.0, 20.0, 20.0])
        report = LineReporter(TerminalConsole(stream, {"TERM": "dumb"}), clock=lambda: next(times))  # noqa: B023
        report.skip("plan", "done before")
        report.begin("sft", "not run yet", 4, "updates")
        report.advance("sft", 2, "loss 0.5 \u2581\u2588, 9 tokens/s")
        report.finish("sft", 1.0)

    assert shown(streams[0]).splitlines() == [
        "plan: not run again: done before",
        "sft: 4 updates (not run yet)",
        "sft: 2 of 4 updates, loss 0.5, 9 tokens/s",
        "sft: done in 1.0 s",
    ]
    assert shown(streams[1]).splitlines()[2] == "  sft: 2 of 4 updates, loss 0.5, 9 tokens/s"
