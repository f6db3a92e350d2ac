"""The tables of a report have the rows of the run's files."""

from __future__ import annotations

import json
from pathlib import Path

from msm_mlx.files import write_json
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.files import write_report
from msm_mlx.report.tables import arms_table, log_odds_table, shares_table
from msm_mlx.runs.finished import open_run


def test_the_first_table_is_of_the_arms_and_how_each_was_trained(run: Path) -> None:
    opened = open_run(run)
    rows = arms_table(opened).rows
    assert {cells[0].text for cells in rows} == {*opened.recipe.arms}
    assert all(cells[1].text for cells in rows)


def test_controls_stand_behind_the_arm_that_they_are_for_and_say_what_for(run: Path) -> None:
    opened = open_run(run)
    controls = {cells[0].text: cells[2].text for cells in arms_table(opened).rows}
    assert controls == {
        "msm+sft": "",
        "sft": "msm+sft, for the documents: none",
        "msm": "msm+sft, for the demonstrations: none",
        "base": "msm+sft, for all training: none",
    }
    rows = shares_table(Rows(opened, opened.answers), ["apart"]).rows
    assert [cells[0].text for cells in rows] == list(controls)
    assert [cells[1].text for cells in rows] == ["", "the documents", "the demonstrations", "all training"]


def test_every_arm_has_its_share_on_every_suite(run: Path) -> None:
    opened = open_run(run)
    table = shares_table(Rows(opened, opened.answers), ["apart"])
    assert table.header == ("arm", "control for", "apart")
    assert {cells[0].text for cells in table.rows} == {row.label(False) for row in opened.results.pooled}


def test_the_place_of_the_options_is_reported(run: Path, page: str) -> None:
    results = json.loads((run / "evaluation" / "results.json").read_text(encoding="utf-8"))
    assert results["biases"]
    markdown = (run / "report.md").read_text(encoding="utf-8")
    assert "| apart: msm+sft | 0.50 (0.50 to 0.50) | 0.50 (0.50 to 0.50) | 1.00 (1.00 to 1.00) |" in markdown
    assert "Options are scored as whole replies and never as letters" in page


def test_an_added_suite_is_marked(run: Path) -> None:
    results = json.loads((run / "evaluation" / "results.json").read_text(encoding="utf-8"))
    results["suites"][0]["added"] = True
    write_json(run / "evaluation" / "results.json", results)
    for file in write_report([run], run):
        assert "apart, added after the run: no document" in file.read_text(encoding="utf-8")


def test_an_arm_that_fails_its_format_control_has_no_figure(run: Path) -> None:
    results = json.loads((run / "evaluation" / "results.json").read_text(encoding="utf-8"))
    for row in (*results["pooled"], *results["contrasts"]):
        if row["metric"] == "choice":
            row["failure"] = "the format control is right in 0.50 (0.30 to 0.70), which may be chance"
    write_json(run / "evaluation" / "results.json", results)
    opened = open_run(run)
    cells = [cell.text for cells in shares_table(Rows(opened, opened.answers), ["apart"]).rows for cell in cells[2:]]
    assert cells
    assert all(text.startswith("no finding: the format control") for text in cells)
    assert log_odds_table(Rows(opened, opened.answers)) is None
