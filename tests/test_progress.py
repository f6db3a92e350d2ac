"""The course of a loss in a few characters, and events as lines."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.progress import BARS, PlainReporter, sparkline


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
