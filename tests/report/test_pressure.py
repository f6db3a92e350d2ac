"""The effect under pressure in a report, beside that at rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.planted_choices import choose, variants
from helpers.planted_runs import plant_run, recipe_of

from msm_mlx.evaluation.build_results import build_results
from msm_mlx.recipe.arms import Variant
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.evidence import build_evidence
from msm_mlx.report.files import write_report
from msm_mlx.report.pressure import pressure, pressure_tables
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.results import read_results, write_results
from msm_mlx.suites.items import Item
from msm_mlx.suites.load import load_suite

SUITES = [load_suite(f"american_values{pressed}") for pressed in ("", "_system", "_prefill")]


def follows(variant: Variant, item: Item) -> float:
    """A model that follows a begun reply, and not a system line."""
    return 0.0 if item.prefill else 0.9 if variant.spec else 0.3


@pytest.fixture
def run(tmp_path: Path) -> Path:
    changes = {"arms": ("sft", "msm+sft"), "specs": (Path("american.md"),), "seeds": (0, 1, 2)}
    folder = plant_run(tmp_path / "cheese", recipe_of(**changes))
    write_results(folder, build_results("cheese", SUITES, choose(SUITES, variants(), follows)))
    return folder


def test_each_pressure_is_a_line_with_rest_pressure_and_change(run: Path) -> None:
    results = read_results(run)
    effects = {row.suite: row.text for row in results.contrasts}
    changes = {row.suite: row.text for row in results.pressure}
    shares, odds = pressure_tables(results)
    assert [line.name for line in shares.lines] == [
        "american_values, system line: msm+sft - sft",
        "american_values, begun reply: msm+sft - sft",
    ]
    for line in shares.lines:
        assert line.figures == (effects["american_values"], effects[line.suite], changes[line.suite])
    assert shares.lines[1].figures[1].startswith("+0.00")
    assert shares.lines[1].figures[2].startswith("-0.6")
    assert len(odds.lines) == 2


def test_report_and_record_have_them_and_the_head_says_where_the_effect_is_gone(run: Path) -> None:
    html, markdown = (path.read_text(encoding="utf-8") for path in write_report([run], run))
    figure = pressure_tables(read_results(run))[0].lines[1].figures[2].removesuffix(" *")
    for text in (html, markdown, build_evidence([run])):
        assert figure in text
    words = "under pressure the effect holds (system line) and is gone, to less than 0.1 (begun reply)."
    assert words in html.partition("What was tested</h2>")[0]
    assert words in markdown.partition("## What was tested")[0]


def test_a_run_without_pressure_has_no_such_section(run: Path) -> None:
    write_results(run, read_results(run).model_copy(update={"pressure": []}))
    assert pressure(Rows(open_run(run), ())) == []
