"""How figures and their intervals are written."""

from __future__ import annotations

import pytest

from msm_mlx.runs.estimate import Estimate, difference_text, share_text


def test_a_share_has_its_interval() -> None:
    assert share_text(0.481, 0.349, 0.6) == "0.48 [0.35, 0.60]"
    assert str(Estimate(0.5, 0.25, 0.75, n=8)) == "0.50 [0.25, 0.75]"


def test_of_nothing_there_is_no_figure() -> None:
    assert str(Estimate(0.0, 0.0, 1.0, n=0)) == "-"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.01, 0.2, "+0.10 [+0.01, +0.20] *"),
        (0.0, 0.2, "+0.10 [+0.00, +0.20]"),
        (-0.1, 0.2, "+0.10 [-0.10, +0.20]"),
    ],
)
def test_a_star_marks_a_difference_whose_interval_is_clear_of_zero(low: float, high: float, text: str) -> None:
    assert difference_text(0.1, low, high) == text


def test_a_difference_may_be_clear_of_zero_below_it() -> None:
    assert difference_text(-0.1, -0.2, -0.01) == "-0.10 [-0.20, -0.01] *"
