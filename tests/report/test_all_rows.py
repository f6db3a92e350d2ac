"""Every figure of a report leads to the rows that it is made of."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from helpers.html_pages import Elements

from msm_mlx.files import write_json
from msm_mlx.report.all_rows import MAX_ITEMS, Rows
from msm_mlx.report.blocks import Table
from msm_mlx.report.files import write_report
from msm_mlx.runs.finished import open_run


def test_links_lead_to_something_and_no_id_is_there_twice(run: Path, page: str) -> None:
    elements = Elements(page)
    ids = [attributes["id"] for _, attributes in elements.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {str(link["href"]) for link in elements.all("a")}
    assert {"#rows-apart", "#rows-apart-msm+sft", "evaluation/answers.jsonl"} <= targets
    assert {target.removeprefix("#") for target in targets if target.startswith("#")} <= set(ids)
    assert all((run / target).exists() for target in targets if not target.startswith("#"))


def test_a_suite_that_some_arms_were_not_asked_has_no_dead_links(run: Path) -> None:
    results = json.loads((run / "evaluation" / "results.json").read_text(encoding="utf-8"))
    for part in ("records", "pooled"):
        others = [row | {"suite": "late"} for row in results[part] if row["arm"] == "base"]
        results[part] += others
    results["suites"].append(results["suites"][0] | {"name": "late", "added": True})
    write_json(run / "evaluation" / "results.json", results)
    page = write_report([run], run)[0].read_text(encoding="utf-8")
    elements = Elements(page)
    targets = {str(link["href"])[1:] for link in elements.all("a") if str(link["href"]).startswith("#rows-late")}
    assert targets == {"rows-late-base"}
    assert targets <= {attributes.get("id") for _, attributes in elements.elements}


def test_every_figure_is_the_mean_of_the_column_that_it_leads_to(run: Path, page: str) -> None:
    """Read by a person with a calculator: an arm's share from the items of its column, all seeds together."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    table = next(table for table in tree.iter("table") if table.get("id") == "rows-apart")
    header, *lines = ([*row] for row in table.iter("tr"))
    columns = [cell.get("id") for cell in header]
    results = json.loads((run / "evaluation" / "results.json").read_text(encoding="utf-8"))
    shares = {row["arm"]: row["value"] for row in results["pooled"] if row["metric"] == "choice"}
    for arm, value in shares.items():
        column = columns.index(f"rows-apart-{arm}")
        scores = [float(score) for line in lines for score in str(line[column].text).split()]
        assert sum(scores) / len(scores) == pytest.approx(value)


def test_a_page_has_room_for_so_many_items_and_says_where_the_others_are(run: Path) -> None:
    opened = open_run(run)
    first = opened.answers[0]
    many = [replace(first, answer=replace(first.answer, item=f"apart/{number}")) for number in range(MAX_ITEMS + 5)]
    [table] = [block for block in Rows(opened, many).blocks() if isinstance(block, Table) and block.folded]
    assert len(table.rows) == MAX_ITEMS
    assert table.caption.endswith("; 5 more are in evaluation/answers.jsonl")
