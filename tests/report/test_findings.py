"""What a report says of a run is what its results have, in words and figures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import html5lib
from helpers.fake_reports import make_run
from helpers.html_pages import Elements
from helpers.planted_runs import plant_grid

from msm_mlx.report.files import write_report
from msm_mlx.runs.results import read_results, write_results

FIGURE = re.compile(r"[+-]?\d\.\d\d \[[+-]?\d\.\d\d, [+-]?\d\.\d\d\]")


def test_page_and_markdown_have_the_figures_of_the_results(run: Path, page: str) -> None:
    markdown = (run / "report.md").read_text(encoding="utf-8")
    shown = FIGURE.findall(re.sub(r"<(svg|script).*?</\1>|<[^>]+>", "", page, flags=re.DOTALL))
    assert shown == FIGURE.findall(markdown)
    results = json.loads((run / "evaluation" / "results.json").read_text(encoding="utf-8"))
    for row in [*results["pooled"], *results["records"]]:
        assert f"{row['value']:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}]" in shown
    for row in results["contrasts"]:
        if row["b"] == "sft" and row["a"] == "msm+sft":
            assert f"{row['difference']:+.2f} [{row['ci_low']:+.2f}, {row['ci_high']:+.2f}]" in shown


def test_differences_that_mean_nothing_are_not_shown_as_findings(tmp_path: Path) -> None:
    run = make_run(tmp_path / "cheese", guesses=True)
    text = write_report([run], run)[1].read_text(encoding="utf-8")
    assert "msm+sft less sft is no finding: of msm+sft, the format control is right in 0.50 [0.50, 0.50]" in text
    assert "clear of zero" not in text.partition("## What could")[0].replace("whose interval is clear of zero", "")


def test_a_scored_choice_stands_where_the_written_replies_cannot_be_read(tmp_path: Path) -> None:
    run = make_run(tmp_path / "cheese", unclear=0.9)
    text = write_report([run], run)[1].read_text(encoding="utf-8")
    assert "No finding: 90% of the written replies are unclear" in text
    assert "msm+sft less sft is +0.45" in text
    assert read_results(run).contrasts[0].log_odds is not None
    assert "Log-odds of the target over the other option (nats)" in text


def test_a_grid_says_where_its_effect_is_least_and_most(tmp_path: Path) -> None:
    counts = (1, 2)
    cells = {count: make_run(tmp_path / f"run{count}") for count in counts}
    weak = read_results(cells[1])
    halved = [row.model_copy(update={"difference": row.difference / 2}) for row in weak.contrasts]
    write_results(cells[1], weak.model_copy(update={"contrasts": halved}))
    folder = plant_grid(make_run(tmp_path / "grid"), "documents.count", cells)

    html, markdown = write_report([folder], folder)

    html5lib.HTMLParser(strict=True).parse(html.read_text(encoding="utf-8"))
    ends = r"\+(0\.\d\d) .* at documents.count 1 to \+(0\.\d\d) .* at documents.count 2\."
    said = re.search(rf"On apart, msm\+sft less sft goes from {ends}", markdown.read_text(encoding="utf-8"))
    assert said is not None
    assert float(said[1]) < float(said[2])
    page = html.read_text(encoding="utf-8")
    links = {str(link["href"]) for link in Elements(page).all("a") if "answers" in str(link["href"])}
    assert links == {f"cells/documents.count%3D{count}/evaluation/answers.jsonl" for count in counts}
    assert all((folder / unquote(link)).is_file() for link in links)
    places = {str(link["href"])[1:] for link in Elements(page).all("a") if str(link["href"]).startswith("#")}
    assert "rows-apart" in places
    assert places <= {attributes.get("id") for _, attributes in Elements(page).elements}
    assert "was trained in 2 runs" in page
    assert 'fill="white"' not in page
