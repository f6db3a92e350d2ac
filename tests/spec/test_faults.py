"""Faults in their order, and how many lines are named."""

from __future__ import annotations

from msm_mlx.spec.faults import Fault, named_lines


def test_faults_stand_in_the_order_of_their_lines() -> None:
    assert sorted([Fault(10, "a", "b"), Fault(9, "c", "d")])[0].line == 9


def test_only_the_first_lines_are_named() -> None:
    assert named_lines([4]) == "line 4"
    assert named_lines([9, 4, 4]) == "lines 4, 9"
    assert named_lines(range(1, 100)) == "lines 1, 2, 3, 4, 5, ..."
