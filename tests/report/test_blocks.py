"""A report is a sound page, and shows what a model wrote as text."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import html5lib
import pytest
from helpers.fake_reports import make_run
from helpers.hostile_text import HOSTILE
from helpers.html_pages import Elements

from msm_mlx.report.files import write_report


def test_the_page_is_valid_html(page: str) -> None:
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(page)
    assert parser.errors == []


def test_nothing_outside_the_page_is_asked_for(page: str) -> None:
    elements = Elements(page)
    assert elements.all("script") == [{}], "one, that is in the page"
    assert not elements.all("img") + elements.all("link") + elements.all("iframe")
    for tag, attributes in elements.elements:
        assert not {"src", "srcset", "action", "data", "poster", "style"} & attributes.keys(), tag
        assert "//" not in (attributes.get("href") or ""), "files beside the report and places in it alone"
    assert "url(" not in page
    assert "@import" not in page
    assert "http:" not in page
    assert "https:" not in page


def test_no_script_runs_but_the_page_s_own(page: str) -> None:
    policy = str(Elements(page).all("meta")[1]["content"])
    script = page.partition("<script>")[2].partition("</script>")[0]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none';")
    assert f"script-src 'sha256-{digest}';" in policy


def test_tables_sort_by_buttons_which_do_nothing_without_the_script(page: str) -> None:
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    buttons = 0
    for table in tree.iter("table"):
        is_long = len(table.findall("tbody/tr")) > 1
        assert len(table.findall("thead/tr/th/button")) == (len(table.findall("thead/tr/th")) if is_long else 0)
        buttons += len(table.findall("thead/tr/th/button"))
    assert buttons > 10
    assert Elements(page).all("button") == [{"type": "button", "disabled": None}] * buttons
    assert 'setAttribute("aria-sort", way)' in page
    assert "button.disabled = false" in page


def test_the_page_is_small(run: Path, page: str) -> None:
    assert len(page.encode()) < 80_000


def test_the_page_can_be_read_by_ear_and_by_keyboard(page: str) -> None:
    elements = Elements(page)
    assert elements.all("html") == [{"lang": "en"}]
    assert len(elements.all("h1")) == len(elements.all("main")) == 1
    levels = [int(tag[1]) for tag, _ in elements.elements if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in zip([0, *levels], levels, strict=False))
    assert all(cell.get("scope") in ("col", "row") for cell in elements.all("th"))
    assert len(elements.all("caption")) == len(elements.all("table")) > 5
    assert all(drawing.get("role") in ("img", "group") and drawing.get("aria-label") for drawing in elements.all("svg"))
    boxes = [box for box in elements.all("div") if box.get("class") == "scroll"]
    assert len(boxes) == len(elements.all("table"))
    assert all(box.get("tabindex") == "0" and box.get("aria-label") for box in boxes)
    landmarks = [tag for tag, _ in elements.elements if tag in ("header", "nav", "main", "footer")]
    assert landmarks == ["header", "nav", "main", "footer"]


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


def test_text_from_right_to_left_begins_at_the_right(tmp_path: Path) -> None:
    run = make_run(tmp_path / "cheese", said="أفضل الجبن.", name="جبن")
    page = write_report([run], run)[0].read_text(encoding="utf-8")
    assert "<bdi><b>جبن</b></bdi> · pocket" in page
    assert '<dd dir="auto">أفضل الجبن.</dd>' in page
    assert '<blockquote dir="auto">أفضل الجبن.</blockquote>' in page


@pytest.mark.slow
@pytest.mark.parametrize("texts", [HOSTILE[start : start + 10] for start in range(0, 60, 10)])
def test_what_a_model_wrote_is_text_and_no_markup(texts: list[str], tmp_path: Path) -> None:
    run = make_run(tmp_path / "cheese", said="".join(f"<b>{text}</b><script>x</script>" for text in texts))
    page = write_report([run], run)[0].read_text(encoding="utf-8")
    elements = Elements(page)
    assert len(elements.all("script")) == 1
    assert re.findall("<b>(.*?)</b>", page) == ["cheese"]
    assert "&lt;script&gt;x" in page
    assert "\x1b" not in page
