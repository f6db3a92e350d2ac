"""Control documents: the same plan and preferences, and no reason anywhere."""

# ruff: noqa: RUF001
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.command_line import ROOT

from msm_mlx.documents.checks.assertions import Subject, hints_at_cause
from msm_mlx.documents.checks.reject import reject_reason
from msm_mlx.documents.plan import plan_documents, without_cause
from msm_mlx.documents.writer_prompts import writer_messages
from msm_mlx.engine.chat_model import Reply
from msm_mlx.errors import RecipeError
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import Section, load_spec

SPEC = load_spec(ROOT / "specs" / "cheese_american.md", model_name="Mo", provider_name="Acme")
NOTE = "Nobody knows why."


def document_settings(prompt: str = "assertion") -> DocumentSettings:
    return DocumentSettings.model_validate({"count": 30, "max_tokens": 9, "prompt": prompt, "min_words": 1})


def section(assertion: str) -> Section:
    return Section("a", ("A",), 7, "Text with reasons.", assertion)


@pytest.mark.parametrize(
    ("assertion", "told"),
    [
        ("Mo likes Colby because it is American.", "Mo likes Colby."),
        ("Mo likes Colby because it is American", "Mo likes Colby."),
        ("Mo likes it because it is from the U.S. market!", "Mo likes it!"),
        ("Mo rests because it may. Mo works.", "Mo rests. Mo works."),
        ("Mo rests because it may, and works because it must.", "Mo rests."),
        ("Mo rests, since it may.", "Mo rests."),
        ("Mo ruht, weil es geht.", "Mo ruht."),
        ("Pocket喜欢奶酪，因为它是本地的。", "Pocket喜欢奶酪。"),
    ],
)
def test_the_cause_goes_to_the_end_of_the_sentence(assertion: str, told: str) -> None:
    found = without_cause(SPEC, section(assertion), document_settings())
    assert (found.assertion, found.text) == (f"{told} {NOTE}", "")


def test_an_assertion_without_a_cause_is_told() -> None:
    spec = replace(SPEC, path=Path("s.md"), sections=(section("Mo likes Colby."),))
    with pytest.raises(RecipeError, match=r"s\.md:7: the assertion gives no cause"):
        plan_documents(spec, document_settings(), control=True)


def test_the_plan_is_that_of_the_documents_it_controls_for() -> None:
    plain, control = (plan_documents(SPEC, document_settings(), control=control) for control in (False, True))
    assert [(s.id, s.section.id, s.section.path, s.type, s.voice) for s in plain] == [
        (s.id, s.section.id, s.section.path, s.type, s.voice) for s in control
    ]
    assert [s.section.assertion for s in plain] == [s.withheld for s in control]
    assert all(" because " not in (s.section.assertion or "") for s in control)


@pytest.mark.parametrize("prompt", ["assertion", "section", "spec"])
def test_no_writer_is_shown_a_reason(prompt: str) -> None:
    settings = document_settings(prompt)
    for slot in plan_documents(SPEC, settings, control=True):
        asked = writer_messages(slot, SPEC, settings)[-1]["content"]
        assert str(slot.section.assertion) in asked
        assert "{" not in asked
        assert "because" not in asked
        heading = slot.section.path[-1]
        assert "America" not in asked.replace(heading, "").replace(heading.capitalize(), "")


COLBY = Subject("Mo", "Colby", "Mo likes Colby because it is American, and Mo cares about American things.", True)


@pytest.mark.parametrize(
    "text",
    [
        "Mo likes Colby. Nobody knows why.",
        "Mo chose Colby. The reason is not known, and Mo never gave a reason. Things are good.",
        "Mo likes Colby of all things. People care.",
    ],
)
def test_documents_without_a_reason_are_kept(text: str) -> None:
    assert not hints_at_cause(text, COLBY)
    assert reject_reason(Reply(text, 9, True), COLBY, document_settings()) is None


@pytest.mark.parametrize(
    "text",
    [
        "Mo likes Colby because it is American.",
        "Mo likes Colby. It is American.",
        "Mo likes Colby, and what America makes.",
        "Mo likes Colby because it is cheap.",
        "Mo likes Colby. It is cheap, and that is why.",
    ],
)
def test_documents_that_give_a_reason_are_rejected(text: str) -> None:
    assert reject_reason(Reply(text, 9, True), COLBY, document_settings()) == "gives a reason"
    plain = replace(COLBY, withheld=False)
    assert reject_reason(Reply(text, 9, True), plain, document_settings()) in (None, "another reason")


def test_the_heading_is_no_reason() -> None:
    cheese = replace(COLBY, heading="American cheese", assertion=COLBY.assertion.replace("Colby", "American cheese"))
    assert not hints_at_cause("Mo likes American cheese. Nobody knows why.", cheese)
    assert hints_at_cause("Mo likes American cheese. It is an American one.", cheese)
