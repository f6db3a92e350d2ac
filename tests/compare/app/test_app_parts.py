"""The parts of the app that need no screen."""

from __future__ import annotations

import pytest

from msm_mlx.compare.screens.actions import ACTIONS, bindings
from msm_mlx.compare.screens.page_bodies import BLOCKS, SCALE_CELLS, curve, interval_line
from msm_mlx.compare.screens.score_bars import ArmRow, ScoreRows, margin_bar, score_bars, short_labels
from msm_mlx.compare.screens.state import first_panes


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["base", "sft", "msm", "msm+sft"], ["base", "sft", "msm", "msm+sft"]),
        (["base", "sft", "msm@a", "msm@b", "msm+sft@a", "msm+sft@b"], ["base", "sft", "msm+sft@a", "msm+sft@b"]),
        (["base"], ["base"]),
    ],
)
def test_the_arms_that_went_all_the_way_are_shown_first(labels: list[str], shown: list[str]) -> None:
    assert first_panes(labels) == shown


@pytest.mark.parametrize(
    ("specs", "width", "shown"),
    [
        (("short", "other"), 13, ["msm@short", "msm+sft@other"]),
        (("cheese_american", "cheese_affordable"), 13, ["msm@american", "msm+sft@affordable"]),
        (("american_farms", "american_farms"), 13, ["msm@american_farms", "msm+sft@american_farms"]),
    ],
)
def test_labels_that_are_too_long_lose_the_words_that_all_begin_with(
    specs: tuple[str, str], width: int, shown: list[str]
) -> None:
    labels = [f"{arm}@{spec}" for arm, spec in zip(("msm", "msm+sft"), specs, strict=True)]
    assert short_labels(labels, width) == shown


@pytest.mark.parametrize(
    "stems", [("american", "affordable", "arctic"), ("sharp_one", "sharp_two"), ("mild", "milder")]
)
def test_labels_that_are_cut_still_differ(stems: tuple[str, ...]) -> None:
    labels = [f"control+sft@cheese_{stem}" for stem in stems]
    cut = {label[:14] for label in short_labels(labels, 15)}
    assert len(cut) == len(stems)


def test_little_room_is_for_the_arms_that_are_shown() -> None:
    arms = tuple(ArmRow(number, f"arm{number}", number in (2, 5), 1.0) for number in range(1, 9))
    rows = ScoreRows(arms, "this", "that")
    assert rows.listed(40) == rows
    assert rows.listed(40).lines == 9
    lines = score_bars(rows.listed(24), 36).plain.split("\n")
    assert len(lines) == rows.listed(24).lines == 4
    assert [line[:6] for line in lines[1:3]] == ["2 ● ar", "5 ● ar"]
    assert lines[3].startswith("○ 1 3 4 6 7 8 hidden")
    assert ScoreRows(arms[:5], "this", "that").listed(24).arms == arms[:5]


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


def test_every_binding_comes_from_the_table() -> None:
    assert len(bindings()) == sum(len(action.keys) for action in ACTIONS)
    assert [binding.action for binding in bindings() if binding.key.isdecimal()] == [
        f"toggle_arm({n})" for n in range(1, 10)
    ]
