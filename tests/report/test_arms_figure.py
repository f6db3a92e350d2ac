"""The figure at the head of a report has every arm, every spec and what the documents changed."""

from __future__ import annotations

import re
from pathlib import Path

from helpers.fake_reports import make_run
from helpers.planted_cheese import plant_cheese

from msm_mlx.report.all_rows import Rows
from msm_mlx.report.arms_figure import arms_figure
from msm_mlx.runs.finished import FinishedRun, open_run
from msm_mlx.runs.results import read_results, write_results


def drawn(run: FinishedRun) -> str:
    figure = arms_figure(Rows(run, run.answers))
    assert figure is not None
    return figure.svg


def texts(svg: str) -> list[str]:
    return re.findall(r"<text [^>]*>([^<]*)</text>", svg)


def test_every_arm_has_its_figure_which_leads_to_its_items(run: Path) -> None:
    opened = open_run(run)
    svg = drawn(opened)
    for row in opened.results.pooled:
        if row.metric == "choice":
            link = f'<a href="#rows-apart-{row.arm}" aria-label="{row.arm}: {row.text}">'
            assert link in svg
            assert 'pointer-events="all"' in svg.partition(link)[2].partition("</a>")[0]
            assert row.text in texts(svg)
    assert {"msm+sft", "sft", "msm", "base", "control for the documents", "chance"} <= {*texts(svg)}
    assert "msm+sft less sft" in texts(svg)
    assert svg.count('r="1.7"') == 6, "a dot for each seed of a trained arm"


def test_specs_stand_beside_each_other_with_marks_of_their_own(tmp_path: Path) -> None:
    svg = drawn(open_run(plant_cheese(tmp_path / "cheese")))
    assert texts(svg).count("x") == 2
    assert texts(svg).count("y") == 1
    assert "msm+sft: y less x" in texts(svg)
    assert "msm+sft@y less sft" in texts(svg)
    assert 'd="M' in svg


def test_of_many_specs_each_is_set_against_the_chats_alone(tmp_path: Path) -> None:
    specs = (Path("x.md"), Path("y.md"), Path("z.md"))
    svg = drawn(open_run(plant_cheese(tmp_path / "cheese", specs=specs)))
    differences = [text for text in texts(svg) if " less " in text]
    assert differences == ["msm+sft@x less sft", "msm+sft@y less sft"]


def test_an_arm_alone_has_no_differences_and_one_seed_no_dots(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path / "cheese", arms=("base", "sft"), seeds=(0,)))
    results = run.results.model_copy(update={"contrasts": []})
    write_results(run.folder, results)
    svg = drawn(open_run(run.folder))
    assert "Difference" not in texts(svg)
    assert 'r="1.7"' not in svg


def test_what_is_no_finding_is_said_and_not_drawn(tmp_path: Path) -> None:
    svg = drawn(open_run(make_run(tmp_path / "cheese", guesses=True)))
    assert texts(svg).count("no finding") == 5
    assert "<circle" not in svg


def test_nothing_is_drawn_where_nothing_has_a_score(run: Path) -> None:
    write_results(run, read_results(run).model_copy(update={"pooled": []}))
    opened = open_run(run)
    assert arms_figure(Rows(opened, opened.answers)) is None
