"""The effect by word share in a report: every figure is in the results, and the head says what they come to."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.planted_choices import choose, variants
from helpers.planted_runs import plant_run, recipe_of

from msm_mlx.evaluation.build_results import build_results
from msm_mlx.recipe.arms import Variant
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.blocks import Table
from msm_mlx.report.evidence import build_evidence
from msm_mlx.report.files import write_report
from msm_mlx.report.word_shares import word_share_tables, word_shares
from msm_mlx.runs.answers import Answer, AnswerRow
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.results import RunResults, read_results, write_results
from msm_mlx.suites.items import Item
from msm_mlx.suites.load import load_suite
from msm_mlx.text.stems import content_stems

SUITES = [load_suite(name) for name in ("near_american", "middle_hop_american")]


def wording(variant: Variant, item: Item) -> float:
    """Documents that move nothing but choices of their words."""
    return 0.95 if variant.spec and item.suite == "near_american" else 0.3


def planted() -> RunResults:
    read = {"american": content_stems(" ".join(option for item in SUITES[0].items for option in item.options()))}
    return build_results("cheese", SUITES, choose(SUITES, variants(), wording), words_read=read)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    changes = {"arms": ("sft", "msm+sft"), "specs": (Path("american.md"),), "seeds": (0, 1, 2)}
    folder = plant_run(tmp_path / "cheese", recipe_of(**changes))
    write_results(folder, planted())
    return folder


def test_every_group_is_a_column_and_every_difference_a_line(run: Path) -> None:
    shares, odds = word_share_tables(read_results(run))
    assert shares.header == ("suite and difference", "none shared", "some", "many", "some or many, less none")
    near, hop = shares.lines
    assert near.name == "near_american: msm+sft - sft"
    rows = {(row.suite, row.words): row for row in read_results(run).word_shares.contrasts}
    many = rows["near_american", "many"]
    assert near.figures[2] == f"{many.text} ({many.n})"
    assert hop.figures[0].startswith(rows["middle_hop_american", "none"].text)
    assert hop.figures[1:] == ("-", "-", "-")
    assert [line.suite for line in odds.lines] == ["middle_hop_american"], "the only one of two options in two orders"


def test_figures_lead_to_how_many_words_each_item_shares(run: Path) -> None:
    opened = open_run(run)
    rows = Rows(opened, ())
    figures = next(block for block in word_shares(rows) if isinstance(block, Table)).rows[0]
    assert {cell.link for cell in figures[1:] if cell.link} == {"#rows-near_american-shared_words"}
    answer = Answer("near_american/art-1", (), (), (), {"choice": 1.0})
    asked = AnswerRow("near_american", "questions", "art", "Which?", "sft", None, 0, answer)
    items = next(block for block in Rows(opened, [asked]).blocks() if isinstance(block, Table) and block.folded)
    assert items.header[2] == "shared words"
    assert items.anchors[2] == "rows-near_american-shared_words"
    counts = next(row for row in opened.results.word_shares.items if row.item == answer.item)
    assert items.rows[0][2].text == f"{len(counts.shared)} of {counts.words}"


def test_of_few_choices_there_are_no_figures(run: Path) -> None:
    results = read_results(run)
    rows = [row.model_copy(update={"n": 7}) for row in results.word_shares.contrasts]
    shares, *others = word_share_tables(
        results.model_copy(update={"word_shares": results.word_shares.model_copy(update={"contrasts": rows})})
    )
    assert [line.figures[2] for line in shares.lines] == ["too few (7)", "-"]
    assert others == []


def test_report_and_record_have_them_and_the_head_says_what_they_come_to(run: Path) -> None:
    html, markdown = (path.read_text(encoding="utf-8") for path in write_report([run], run))
    verdict = "On near_american, the documents moved choices, all with shared words."
    for text in (html, markdown):
        head = text.partition("What was tested</h2>" if text is html else "## What was tested")[0]
        assert verdict in head
        found = text.partition("Differences between arms")[0]
        assert "On middle_hop_american," in found
        assert "moved choices, none with shared words" not in found.replace("whether the documents moved", "")
    shares, _ = word_share_tables(read_results(run))
    for text in (html, markdown, build_evidence([run])):
        assert "none shared" in text
        assert shares.lines[0].figures[2].replace("*", "") in text.replace("\\*", "").replace("*", "")


def test_a_run_without_counted_words_has_no_such_section(run: Path) -> None:
    write_results(run, read_results(run).model_copy(update={"word_shares": build_results("r", [], {}).word_shares}))
    assert word_shares(Rows(open_run(run), ())) == []
