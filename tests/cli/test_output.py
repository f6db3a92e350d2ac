"""What a watcher sees of a run."""

from __future__ import annotations

import io

from rich.console import Console

from msm_mlx.cli.output import BarReporter, LineReporter


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

    assert file.getvalue().splitlines() == [
        "hello [red]you[/red]",
        "- documents [x]: not run again: done before",
        "> midtrain msm-s0: 40 updates (not run yet)",
        "  midtrain msm-s0: 9 of 40 updates, loss 0.500",
        "+ midtrain msm-s0: done in 61.2 s",
    ]


def test_bar_leaves_one_line_a_stage() -> None:
    file = io.StringIO()
    with BarReporter(Console(file=file, width=100, force_terminal=True, color_system=None)) as report:
        report.begin("sft [x]", "not run yet", 30, "updates")
        report.advance("sft [x]", 30, "loss 0.005, 600 tokens/s")
        report.finish("sft [x]", 4.0)

    assert "sft [x]: done in 4.0 s, loss 0.005, 600 tokens/s" in file.getvalue()
