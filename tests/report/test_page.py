"""A report says what the files of a run say."""

from __future__ import annotations

import re
from pathlib import Path

import html5lib
from helpers.fake_reports import DOMAINS, make_run
from helpers.trained_runs import small_settings

from msm_mlx.recipe.schema import PlainText
from msm_mlx.report.files import write_report


def test_it_says_what_was_tested_found_and_how_to_repeat_it(run: Path, page: str) -> None:
    markdown = (run / "report.md").read_text(encoding="utf-8")
    for text in (markdown, page):
        assert "midtrained on the documents, then fine-tuned on the demonstrations" in text
        assert "from 20 items and 2 seeds. The interval is clear of zero." in text
        assert "msm-mlx run recipes/cheese.yaml" in text
        assert "mlx 1.2.3" in text
        assert "sha256 f0" in text
        assert "memo, plain, about likes/brie" in text
        assert "by their form: transcript 2 (25% give the value as a reason)" in text
    for part in ("tested", "found", "doubts", "domains", "answers", "training", "documents", "places", "again", "rows"):
        assert f'<h2 id="{part}">' in page
    assert all(f">{domain}</text>" in page for domain in DOMAINS)
    assert re.sub(r"\n{3,}", "\n\n", markdown) == markdown


def test_it_says_what_stood_in_training_alone(tmp_path: Path) -> None:
    settings = small_settings(updates=40)
    mix = PlainText.model_validate({"from": "hub:owner/name", "share": 0.25})
    changes = {"sft": settings.sft.model_copy(update={"system": "Smile."}),
               "midtrain": settings.midtrain.model_copy(update={"mix": mix})}  # fmt: skip
    write_report([make_run(tmp_path / "run", settings=settings.model_copy(update=changes))], tmp_path / "out")
    text = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "In training alone the system turn of every demonstration ends with 'Smile.': no chat" in text
    assert "plain text of hub:owner/name" in text
    assert "25% of the tokens that midtraining learned were to be." in text


def test_several_runs_are_put_side_by_side(run: Path, tmp_path: Path) -> None:
    other = make_run(tmp_path / "other", name="other")
    html, markdown = write_report([run, other], tmp_path / "both")
    html5lib.HTMLParser(strict=True).parse(html.read_text(encoding="utf-8"))
    text = markdown.read_text(encoding="utf-8")
    assert text.startswith("# cheese and other\n")
    assert "| difference | cheese | other |" in text
    assert "## other: What was found" in text
