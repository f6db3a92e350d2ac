"""Findings from several places become one list."""

from __future__ import annotations

from msm_mlx.pipeline.findings import Findings, join


def test_each_line_comes_once_and_in_order() -> None:
    one, other = Findings(["b", "a"], ["note"]), Findings(["a", "c"], ["note", "more"])
    assert join([one, other]) == Findings(["b", "a", "c"], ["note", "more"])
