"""The course of a loss in a few characters, and events as lines."""

from __future__ import annotations

from threading import Lock

from helpers.reporters import StageReporter
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.progress import BARS, PlainReporter, TurnsReporter, sparkline


def test_a_falling_loss_falls() -> None:
    assert sparkline([8, 7, 6, 5, 4, 3, 2, 1], width=8) == BARS[::-1]
    assert sparkline([2, 2, 2]) == BARS[0] * 3
    assert sparkline([]) == ""


@settings(max_examples=50, derandomize=True)
@given(values=st.lists(st.floats(-1e6, 1e6), max_size=90), width=st.integers(1, 20))
def test_it_is_never_wider_than_asked(values: list[float], width: int) -> None:
    line = sparkline(values, width)
    assert len(line) == min(width, len(values))
    assert set(line) <= set(BARS)


def test_a_plain_reporter_has_a_line_for_each_event() -> None:
    lines: list[str] = []
    report = PlainReporter(lines.append)

    report.say("Welcome.")
    report.skip("plan", "done")
    report.begin("documents", "not run yet", 3, "documents")
    report.advance("documents", 1, "fast")
    report.finish("documents", 1.25)

    assert lines == [
        "Welcome.",
        "plan: not run again: done",
        "documents: 3 documents (not run yet)",
        "documents: done in 1.2 s",
    ]


def test_what_several_threads_report_is_passed_on_by_one_at_a_time() -> None:
    turn, held = Lock(), []

    class Watcher(StageReporter):
        def begin(self, stage: str, reason: str, total: int, unit: str) -> None:
            held.append(turn.locked())
            super().begin(stage, reason, total, unit)

    watcher = Watcher()
    report = TurnsReporter(watcher, turn)
    report.say("Welcome.")
    report.plan({"sft": 3})
    report.skip("plan", "done")
    report.begin("sft", "not run yet", 3, "updates")
    report.advance("sft", 1, "fast")
    report.finish("sft", 1.25)
    report.complete(0, ["base 0.5"])
    assert (held, turn.locked()) == ([True], False)
    assert (watcher.lines, watcher.skipped, watcher.begun) == (["Welcome."], {"plan": "done"}, {"sft": "not run yet"})
    assert (watcher.progress, watcher.finished, watcher.complete_seeds) == ([(1, "fast")], ["sft"], [0])
