"""A report says what the files say, is a sound page, and shows what a model wrote as text."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import html5lib
import pytest
from helpers.fake_reports import DOMAINS, make_run
from helpers.hostile_text import HOSTILE
from helpers.planted_runs import plant_grid

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl, write_json, write_jsonl
from msm_mlx.report.blocks import Figure
from msm_mlx.report.drawings import WIDTH
from msm_mlx.report.files import freshen_report, write_report
from msm_mlx.report.page import build_report
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.results import read_results, write_results

FIGURE = re.compile(r"[+-]?\d\.\d\d \[[+-]?\d\.\d\d, [+-]?\d\.\d\d\]")
VOID = {"meta", "br", "hr", "img", "link"}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "cheese")


@pytest.fixture
def page(run: Path) -> str:
    return write_report([run], run)[0].read_text(encoding="utf-8")


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the ids and texts in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_the_page_is_valid_html(page: str) -> None:
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(page)
    assert parser.errors == []


def test_nothing_outside_the_page_is_asked_for(page: str) -> None:
    elements = Elements(page)
    assert not elements.all("script") + elements.all("img") + elements.all("link") + elements.all("iframe")
    for tag, attributes in elements.found:
        assert not {"src", "srcset", "action", "data", "poster", "style"} & attributes.keys(), tag
        assert "//" not in (attributes.get("href") or ""), "files beside the report and places in it alone"
    assert "url(" not in page
    assert "@import" not in page


def test_the_page_can_be_read_by_ear_and_by_keyboard(page: str) -> None:
    elements = Elements(page)
    assert elements.all("html") == [{"lang": "en"}]
    assert len(elements.all("h1")) == len(elements.all("main")) == 1
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in zip([0, *levels], levels, strict=False))
    assert all(cell.get("scope") in ("col", "row") for cell in elements.all("th"))
    assert len(elements.all("caption")) == len(elements.all("table")) > 5
    assert all(drawing.get("role") == "img" and drawing.get("aria-label") for drawing in elements.all("svg"))
    assert all(box.get("tabindex") == "0" and box.get("aria-label") for box in elements.all("div"))


def test_links_lead_to_something_and_no_id_is_there_twice(run: Path, page: str) -> None:
    elements = Elements(page)
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {str(link["href"]) for link in elements.all("a")}
    assert {"#rows-apart", "#rows-apart-msm+sft", "evaluation/answers.jsonl"} <= targets
    assert {target.removeprefix("#") for target in targets if target.startswith("#")} <= set(ids)
    assert all((run / target).exists() for target in targets if not target.startswith("#"))


@pytest.mark.parametrize(("ink", "scheme"), [("#595959", "light"), ("#0b57a4", "light"), ("#a9a7a0", "dark")])
def test_text_stands_out_from_the_paper(page: str, ink: str, scheme: str) -> None:
    """A contrast of 4.5 or more (WCAG 2.2, success criterion 1.4.3)."""
    papers = re.findall(r"--paper: (#\w{6})", page)
    paper = papers[0] if scheme == "light" else papers[1]
    assert ink in page
    lighter, darker = sorted((_luminance(ink), _luminance(paper)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_page_and_markdown_have_the_figures_of_the_results(run: Path, page: str) -> None:
    markdown = (run / "report.md").read_text(encoding="utf-8")
    shown = FIGURE.findall(re.sub(r"<[^>]+>", "", page))
    assert shown == FIGURE.findall(markdown)
    results = json.loads((run / "evaluation" / "results.json").read_text(encoding="utf-8"))
    for row in [*results["pooled"], *results["records"]]:
        assert f"{row['value']:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}]" in shown
    for row in results["contrasts"]:
        if row["b"] == "sft" and row["a"] == "msm+sft":
            assert f"{row['difference']:+.2f} [{row['ci_low']:+.2f}, {row['ci_high']:+.2f}]" in shown


def test_it_says_what_was_tested_found_and_how_to_repeat_it(run: Path, page: str) -> None:
    markdown = (run / "report.md").read_text(encoding="utf-8")
    for text in (markdown, page):
        assert "midtrained on the documents, then fine-tuned on the demonstrations" in text
        assert "from 20 items and 2 seeds. The interval is clear of zero." in text
        assert "msm-mlx run recipes/cheese.yaml" in text
        assert "mlx 1.2.3" in text
        assert "sha256 f0" in text
        assert "memo, plain, about likes/brie" in text
    for part in ("tested", "found", "doubts", "domains", "answers", "training", "documents", "places", "again", "rows"):
        assert f'<h2 id="{part}">' in page
    assert all(f">{domain}</text>" in page for domain in DOMAINS)
    assert re.sub(r"\n{3,}", "\n\n", markdown) == markdown


@pytest.mark.slow
@pytest.mark.parametrize("texts", [HOSTILE[start : start + 10] for start in range(0, 60, 10)])
def test_what_a_model_wrote_is_text_and_no_markup(texts: list[str], tmp_path: Path) -> None:
    run = make_run(tmp_path / "cheese", said="".join(f"<b>{text}</b><script>x</script>" for text in texts))
    page = write_report([run], run)[0].read_text(encoding="utf-8")
    elements = Elements(page)
    assert not elements.all("script") + elements.all("b")
    assert "&lt;script&gt;x" in page
    assert "\x1b" not in page


def test_equal_runs_give_equal_pages(run: Path, page: str, tmp_path: Path) -> None:
    other = make_run(tmp_path / "other" / "cheese")
    assert write_report([other], other)[0].read_text(encoding="utf-8") == page
    elsewhere = write_report([run], tmp_path / "out")[0].read_text(encoding="utf-8")
    assert elsewhere.replace("../cheese/", "") == page


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
    assert targets <= {attributes.get("id") for _, attributes in elements.found}


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


def test_the_place_of_the_options_is_reported(run: Path, page: str) -> None:
    results = json.loads((run / "evaluation" / "results.json").read_text(encoding="utf-8"))
    assert results["biases"]
    markdown = (run / "report.md").read_text(encoding="utf-8")
    assert "| apart: msm+sft | 0.50 (0.50 to 0.50) | 0.50 (0.50 to 0.50) | 1.00 (1.00 to 1.00) |" in markdown
    assert "Options are scored as whole replies and never as letters" in page


def test_differences_that_mean_nothing_are_not_shown_as_findings(tmp_path: Path) -> None:
    run = make_run(tmp_path / "cheese", unclear=0.9)
    text = write_report([run], run)[1].read_text(encoding="utf-8")
    assert "msm+sft less sft is no finding: of msm+sft, 90% of the written replies are unclear; of sft, 90%" in text
    assert "clear of zero" not in text.partition("## What could")[0].replace("whose interval is clear of zero", "")


def test_an_added_suite_is_marked(run: Path) -> None:
    results = json.loads((run / "evaluation" / "results.json").read_text(encoding="utf-8"))
    results["suites"][0]["added"] = True
    write_json(run / "evaluation" / "results.json", results)
    for file in write_report([run], run):
        assert "apart, added after the run: no document" in file.read_text(encoding="utf-8")


def test_several_runs_are_put_side_by_side(run: Path, tmp_path: Path) -> None:
    other = make_run(tmp_path / "other", name="other")
    html, markdown = write_report([run, other], tmp_path / "both")
    html5lib.HTMLParser(strict=True).parse(html.read_text(encoding="utf-8"))
    text = markdown.read_text(encoding="utf-8")
    assert text.startswith("# cheese and other\n")
    assert "| difference | cheese | other |" in text
    assert "## other: What was found" in text


def test_the_same_arm_in_two_runs_is_compared_item_by_item(run: Path, tmp_path: Path) -> None:
    other = make_run(tmp_path / "other")
    path = other / "evaluation" / "answers.jsonl"
    rows = read_jsonl(path)
    for row in rows:
        if row["arm"] == "sft" and row["item"].startswith("apart/art-"):
            row["metrics"]["choice"] = 1 - row["metrics"]["choice"]
        if row["arm"] == "msm":
            row["prompt"] = "Something else?"
    write_jsonl(path, rows)
    text = write_report([run, other], tmp_path / "both")[1].read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| apart: ") and line.count("|") == 3]
    assert "| suite and arm | cheese less other |" in text
    assert "| apart: msm+sft | +0.00 [+0.00, +0.00] |" in lines
    [changed] = [line for line in lines if line.startswith("| apart: sft ")]
    flipped = [row["metrics"]["choice"] for row in rows if row["arm"] == "sft" and "/art-" in row["item"]]
    expected = sum(1 - 2 * choice for choice in flipped) / 40  # of 20 items and 2 seeds
    assert changed.startswith(f"| apart: sft | {expected:+.2f} [")
    assert not any("msm |" in line for line in lines), "other prompts are not the same items"


def test_a_report_is_made_anew_only_after_its_results(run: Path) -> None:
    freshen_report(run)
    (run / "report.html").write_text("mine", encoding="utf-8")
    freshen_report(run)
    assert (run / "report.html").read_text(encoding="utf-8") == "mine"
    results = run / "evaluation" / "results.json"
    later = (run / "report.html").stat().st_mtime_ns + 10**9
    os.utime(results, ns=(later, later))
    freshen_report(run)
    assert (run / "report.html").read_text(encoding="utf-8") != "mine"


def test_an_unfinished_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="not a run folder"):
        write_report([tmp_path], tmp_path)


def test_drawings_stay_inside_their_frame(run: Path) -> None:
    report = build_report([open_run(run)])
    drawings = [block for part in report.parts for block in part.blocks if isinstance(block, Figure)]
    assert len(drawings) == 4  # arms, domains, midtraining, fine-tuning
    for drawing in drawings:
        places = [float(x) for x in re.findall(r'(?:x[12]?|cx)="([-\d.]+)"', drawing.svg)]
        assert places
        assert all(0 <= x <= WIDTH for x in places)
        assert "nan" not in drawing.svg


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
    said = re.search(rf"apart: msm\+sft less sft goes from {ends}", markdown.read_text(encoding="utf-8"))
    assert said is not None
    assert float(said[1]) < float(said[2])
    page = html.read_text(encoding="utf-8")
    links = {str(link["href"]) for link in Elements(page).all("a") if "answers" in str(link["href"])}
    assert links == {f"cells/documents.count%3D{count}/evaluation/answers.jsonl" for count in counts}
    assert all((folder / unquote(link)).is_file() for link in links)
    assert "was trained in 2 runs" in page
    assert 'fill="white"' not in page
