"""Comparisons are written into the run folder, and never over older ones."""

from __future__ import annotations

import json

import pytest
from helpers.app_screens import (
    see,
    visit,
)

from msm_mlx.compare.session import Session

pytestmark = pytest.mark.slow


def read_exports(session: Session, name: str) -> list[dict[str, object]]:
    content = json.loads((session.folders[0] / "exports" / f"{name}.json").read_text(encoding="utf-8"))
    comparisons: list[dict[str, object]] = content["comparisons"]
    return comparisons


def test_export_writes_what_is_shown_and_never_over_an_older_one(session: Session) -> None:
    visit(session, "2", "e", "n", "e")

    [first], [second] = read_exports(session, "comparison-1"), read_exports(session, "comparison-2")
    assert first["prompt"] == session.prompts[0].text
    assert second["prompt"] == session.prompts[1].text
    answers = {label: str(session.stored[session.prompts[0].id, label].text) for label in ("base", "msm", "msm+sft")}
    assert first["answers"] == answers
    page = (session.folders[0] / "exports" / "comparison-1.md").read_text(encoding="utf-8")
    assert all(text in page for text in answers.values())


def test_exporting_everything_takes_the_prompts_that_were_seen(session: Session) -> None:
    visit(session, "n", "n", "p", "E")
    assert [c["prompt"] for c in read_exports(session, "everything-1")] == [p.text for p in session.prompts[:3]]


def test_an_export_that_cannot_be_written_is_told(session: Session) -> None:
    (session.folders[0] / "exports").write_text("in the way", encoding="utf-8")
    assert "cannot be written" in see(session, "e")


def test_copying_gives_the_comparison_as_markdown(session: Session) -> None:
    app, _ = visit(session, "c")
    assert session.prompts[0].text in app.clipboard
    assert str(session.stored[session.prompts[0].id, "sft"].text) in app.clipboard
