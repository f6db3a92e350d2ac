"""What a report says of how long it lasts: numbers in words and in a table, and a curve for each share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from helpers.planted_runs import plant_run, recipe_of

from msm_mlx.recipe.schema import StageSettings
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.blocks import Bullets, Figure, Paragraph, Table
from msm_mlx.report.durability import curve_panels, durability, durability_cells, headline_numbers
from msm_mlx.report.evidence import build_evidence
from msm_mlx.report.files import write_report
from msm_mlx.runs.estimate import Estimate
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.results import SCHEMA, CurvePoint, Durability, RunResults, Share, write_results

ARMS = ("sft", "msm+sft", "msm+sft+after-0", "msm+sft+after-0.1")


def number(share: float | None, rows: float | None, high: float | None = None, start: float = 0.5) -> Durability:
    return Durability(
        suite="apart", metric="choice", arm="msm+sft", stage="after", share=share, reference="sft",
        start=Estimate(start, start - 0.1, start + 0.1, 40), rows=rows, ci_low=None if start < 0.1 else 9.0,
        ci_high=high, most=64.0, seeds=3, failure=None,
    )  # fmt: skip


def point(arm: str, share: float, update: int, value: float) -> CurvePoint:
    return CurvePoint(
        suite="apart", arm=arm, spec="cheese_american", seed=None, metric="choice", stage="after", share=share,
        update=update, rows=16 * update, contrary=16 * update * share, value=value, ci_low=value - 0.1,
        ci_high=value + 0.1, n=40, seeds=3, failure=None,
    )  # fmt: skip


def level(arm: str, value: float) -> Share:
    return Share(
        suite="apart", arm=arm, spec=None, seed=None, metric="choice", value=value, ci_low=value - 0.1,
        ci_high=value + 0.1, n=40, seeds=3, failure=None,
    )  # fmt: skip


CURVES = [
    point(f"msm+sft+after-{share:g}", share, update, 0.8 - share * update / 8)
    for share in (0.0, 0.1)
    for update in (0, 20, 40)
]


def results(numbers: Sequence[Durability], curves: Sequence[CurvePoint] = ()) -> RunResults:
    return RunResults(
        schema=SCHEMA, run="lasting", records=[], pooled=[level("sft", 0.3)], contrasts=[], suites=[],
        durability=list(numbers), curves=list(curves),
    )  # fmt: skip


NUMBERS = [number(None, 14.2, 22.4), number(0.1, None)]


def rows(folder: Path, found: RunResults, arms: Sequence[str] = ARMS) -> Rows:
    shares = {"after-0": (0.0,), "after-0.1": (0.1,)}
    chats = Path("chats.jsonl")
    stages = {name: StageSettings.model_construct(chats=chats, contrary=share) for name, share in shares.items()}
    plant_run(folder, recipe_of(arms=tuple(arms), stages=stages))
    write_results(folder, found)
    return Rows(open_run(folder), ())


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (number(None, 14.2, 22.4), "14 [9.0, 22]"),
        (number(None, 14.2), "14 [9.0, more than 64]"),
        (number(None, None), "more than 64 [at least 9.0]"),
        (number(None, None, start=0.02), "undefined: no different from sft to begin with"),
    ],
)
def test_a_number_says_how_far_it_is_known(row: Durability, text: str) -> None:
    assert row.text == text


def test_the_number_over_the_shares_stands_for_all() -> None:
    assert headline_numbers(results(NUMBERS)) == NUMBERS[:1]
    assert headline_numbers(results(NUMBERS[1:])) == NUMBERS[1:]


def test_the_table_has_a_column_for_each_way_of_counting() -> None:
    header, body = durability_cells(results(NUMBERS))
    assert header[3:] == ("over the shares", "along the stage, 0.1 contrary")
    [row] = body
    assert row[:3] == ["apart: msm+sft, then after", "sft", "+0.50 [+0.40, +0.60] *"]
    assert row[3:] == ["14 [9.0, 22]", "more than 64 [at least 9.0]"]


def test_each_share_is_a_line_beside_the_arm_that_it_may_come_back_to() -> None:
    [panel] = curve_panels(results([], CURVES), several_specs=False)
    assert panel.title == "apart: msm+sft along after"
    assert panel.ticks == ("0", "320", "640")
    lines = {line.label: [place.value for place in line.points] for line in panel.lines}
    assert lines == {"0 contrary": [0.8] * 3, "0.1 contrary": pytest.approx([0.8, 0.55, 0.3]), "sft": [0.3] * 3}


def test_the_section_has_the_number_in_words_the_table_and_the_curves(tmp_path: Path) -> None:
    blocks = durability(rows(tmp_path / "run", results(NUMBERS, CURVES)))
    [sentences] = [block for block in blocks if isinstance(block, Bullets)]
    [sentence] = [item.text for item in sentences.items]
    assert sentence == "On apart, msm+sft is back at sft after 14 [9.0, 22] contrary rows in after."
    assert len([block for block in blocks if isinstance(block, Table)]) == 1
    [figure] = [block for block in blocks if isinstance(block, Figure)]
    assert len(list(ElementTree.fromstring(figure.svg).iter("polyline"))) == 3


def test_a_number_that_means_nothing_is_told_as_such(tmp_path: Path) -> None:
    blocks = durability(rows(tmp_path / "run", results([number(None, None, start=0.02)])))
    [sentences] = [block for block in blocks if isinstance(block, Bullets)]
    assert "is not known: undefined: no different from sft to begin with" in sentences.items[0].text


def test_chats_that_undo_it_by_themselves_are_told(tmp_path: Path) -> None:
    blocks = durability(rows(tmp_path / "run", results([number(None, 0.0, 15.8).model_copy(update={"ci_low": 0.0})])))
    [sentences] = [block for block in blocks if isinstance(block, Bullets)]
    assert "after without a contrary row, 0 [0, 16]: the other chats undo it" in sentences.items[0].text


def test_arms_that_are_missing_are_named(tmp_path: Path) -> None:
    blocks = durability(rows(tmp_path / "run", results([]), arms=("msm+sft", "msm+sft+after-0", "msm+sft+after-0.1")))
    assert blocks == [Paragraph("Arms that go on from msm+sft have no number here: sft is not among the arms.")]


def test_a_run_without_a_stage_after_has_no_such_section(tmp_path: Path) -> None:
    assert durability(rows(tmp_path / "run", results([]), arms=("sft", "msm+sft"))) == []


def test_page_and_evidence_have_the_numbers(tmp_path: Path) -> None:
    folder = rows(tmp_path / "run", results(NUMBERS, CURVES)).run.folder
    html, markdown = (path.read_text(encoding="utf-8") for path in write_report([folder], folder))
    assert re.search(r'<h2 id="lasts">.*14 \[9\.0, 22\]', html, re.DOTALL)
    assert "How long it lasts" in markdown
    assert "No control+sft arm" in markdown, "and none for each share: those are held against where they start"
    assert "Contrary rows until an arm is back" in build_evidence([folder])
