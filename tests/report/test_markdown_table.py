"""A cell is short; why it says no finding stands below, once."""

from __future__ import annotations

from msm_mlx.report.markdown_table import markdown_table


def test_a_table_without_notes_is_the_table_alone() -> None:
    assert markdown_table(["arm", "a|b"], [["sft", "0.5"]]) == "| arm | a\\|b |\n| --- | --- |\n| sft | 0.5 |"


def test_why_a_figure_is_no_finding_stands_once_below() -> None:
    body = [["sft", "no finding: all is unclear"], ["msm", "no finding: all is unclear; of msm, the form is failed"]]
    table, notes = markdown_table(["arm", "choice"], body).split("\n\n")
    assert table.splitlines()[2:] == ["| sft | no finding (1) |", "| msm | no finding (1, 2) |"]
    assert notes == "1. No finding: all is unclear.\n2. No finding: of msm, the form is failed."
