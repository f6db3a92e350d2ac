"""Arms with their numbers, and bars of their log-odds."""

from __future__ import annotations

import pytest
from helpers.app_screens import (
    driving,
    make_app,
    no_engine,
    play,
)

from msm_mlx.compare.screens.score_bars import ArmRow, ScoreRows, margin_bar, score_bars, short_labels
from msm_mlx.compare.session import Session


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


@pytest.mark.parametrize("width", [36, 60])
def test_twelve_arms_have_a_line_each(width: int) -> None:
    arms = tuple(ArmRow(number, f"arm{number}@cheese_american", True, 12.5 - number) for number in range(1, 13))
    lines = score_bars(ScoreRows(arms, "this", "that"), width).plain.split("\n")

    assert len(lines) == 13
    assert max(map(len, lines)) <= width
    assert [line[:4] for line in lines[1::11]] == [" 1 ●", "12 ●"]


@pytest.mark.parametrize("width", [4, 9, 20])
@pytest.mark.parametrize("margin", [None, 0.0, -0.01, 0.3, 2.0, -2.0, 50.0])
def test_a_bar_fills_its_width_on_the_right_side(margin: float | None, width: int) -> None:
    bar = margin_bar(margin, 2.0, width).plain
    left, right = bar.split("│")
    assert len(left) == len(right) == (width - 1) // 2
    assert not left.strip() or (margin or 0) < 0
    assert not right.strip() or (margin or 0) > 0
    assert abs(margin or 0) < 2 or " " not in (right if (margin or 0) > 0 else left)


pytestmark = pytest.mark.slow


def test_a_click_on_an_arm_hides_it(session: Session) -> None:
    app = make_app(session, no_engine)

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.click("ScoreBars", offset=(6, 2))
            await pilot.pause()
            assert app.state.shown == ["base", "msm", "msm+sft"]

    play(work())
