"""Pages to read: scores with intervals, and losses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.app_screens import see
from helpers.planted_runs import bare_run

from msm_mlx.compare.screens.page_bodies import BLOCKS, SCALE_CELLS, curve, interval_line
from msm_mlx.compare.session import Session
from msm_mlx.files import write_jsonl


def test_an_interval_is_drawn_to_scale() -> None:
    assert interval_line(0.5, 0.25, 0.75).plain == "·" * 5 + "─" * 5 + "●" + "─" * 4 + "·" * 5
    assert interval_line(1.0, 1.0, 1.0).plain == "·" * (SCALE_CELLS - 1) + "●"
    assert interval_line(0.0, -3.0, 9.0).plain == "●" + "─" * (SCALE_CELLS - 1)


def test_a_curve_falls_from_the_upper_left_to_the_lower_right() -> None:
    lines = curve([10.0 - i for i in range(10)], 60, rows=4).plain.split("\n")
    columns = ["".join(line[8:][i] if i < len(line[8:]) else " " for line in lines) for i in range(10)]
    heights = [sum(BLOCKS.index(c) for c in column) for column in columns]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == 32
    assert heights[-1] == 1
    assert lines[0].startswith("  10.00")
    assert lines[-1].startswith("   1.00")


def test_a_curve_of_many_values_fits_and_one_of_odd_values_is_drawn() -> None:
    assert max(len(line) for line in curve([1.0] * 10_000, 50).plain.split("\n")) == 50
    assert curve([float("nan"), float("inf"), 1.0], 50).plain


pytestmark = pytest.mark.slow


def test_the_page_of_scores_has_values_intervals_and_differences(session: Session) -> None:
    text = see(session, "s")
    assert "0.97" in text
    assert "[0.87, 1.00]" in text
    assert "+0.42 *" in text


def test_runs_without_results_say_so(session: Session, tmp_path: Path) -> None:
    assert "no finished evaluation" in see(replace(session, runs=(bare_run(tmp_path / "bare"),)), "s")


def test_losses_are_drawn_if_there_are_any(session: Session) -> None:
    assert "hold no metrics.jsonl" in see(session, "l").replace("\n", " ")

    adapter = session.arms[1].adapter
    assert adapter is not None
    write_jsonl(adapter / "metrics.jsonl", [{"number": i, "loss": 3.0 / i, "seconds": 0.5} for i in range(1, 41)])
    text = see(session, "l")
    assert "40 updates in 20 s, loss 3.00 → 0.07" in text
    assert "held out" not in text
    assert "█" in text

    held_out = [{"number": 10, "validation_loss": 2.5, "best": 10}, {"number": 20, "validation_loss": 1.25, "best": 20}]
    write_jsonl(adapter / "metrics.jsonl", [{"number": 20, "loss": 2.0}, *held_out])
    assert "1 updates, loss 2.00 → 2.00, held out 2.50 → 1.25" in see(session, "l")
