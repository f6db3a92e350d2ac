"""The parts of the app that need no screen."""

from __future__ import annotations

import pytest

from msm_mlx.compare.screens.actions import ACTIONS, bindings
from msm_mlx.compare.screens.desk import first_shown
from msm_mlx.compare.screens.reports import BLOCKS, SCALE, curve, interval_line
from msm_mlx.compare.screens.scores import margin_bar, short_label


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["base", "sft", "msm", "msm+sft"], ["base", "sft", "msm", "msm+sft"]),
        (["base", "sft", "msm@a", "msm@b", "msm+sft@a", "msm+sft@b"], ["base", "sft", "msm+sft@a", "msm+sft@b"]),
        (["base"], ["base"]),
    ],
)
def test_the_arms_that_went_all_the_way_are_shown_first(labels: list[str], shown: list[str]) -> None:
    assert first_shown(labels) == shown


def test_labels_that_are_cut_still_differ() -> None:
    assert short_label("msm+sft@cheese_american", 16) == "msm+sft@…merican"
    assert short_label("msm+sft@cheese_affordable", 16) == "msm+sft@…ordable"
    assert short_label("msm@short", 16) == "msm@short"


@pytest.mark.parametrize("width", [4, 9, 20])
@pytest.mark.parametrize("margin", [None, 0.0, -0.01, 0.3, 2.0, -2.0, 50.0])
def test_a_bar_fills_its_width_on_the_right_side(margin: float | None, width: int) -> None:
    bar = margin_bar(margin, 2.0, width).plain
    left, right = bar.split("│")
    assert len(left) == len(right) == (width - 1) // 2
    assert not left.strip() or (margin or 0) < 0
    assert not right.strip() or (margin or 0) > 0
    assert abs(margin or 0) < 2 or " " not in (right if (margin or 0) > 0 else left)


def test_an_interval_is_drawn_to_scale() -> None:
    assert interval_line(0.5, 0.25, 0.75).plain == "·" * 5 + "─" * 5 + "●" + "─" * 4 + "·" * 5
    assert interval_line(1.0, 1.0, 1.0).plain == "·" * (SCALE - 1) + "●"
    assert interval_line(0.0, -3.0, 9.0).plain == "●" + "─" * (SCALE - 1)


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


def test_every_binding_comes_from_the_table() -> None:
    assert len(bindings()) == sum(len(action.keys) for action in ACTIONS)
    assert [binding.action for binding in bindings() if binding.key.isdecimal()] == [
        f"toggle_arm({n})" for n in range(1, 10)
    ]
