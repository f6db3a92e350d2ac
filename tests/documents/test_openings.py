"""Documents that a small model goes on with: how they begin, and how its reply is joined to that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from msm_mlx.documents.openings import go_on, opening_of
from msm_mlx.documents.plan import plan_documents
from msm_mlx.documents.write import Assignment, Attempt, to_document, writer_chat
from msm_mlx.engine.chat_model import Reply
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import load_spec

SPEC = load_spec(Path(__file__).parents[2] / "specs" / "cheese_american.md", model_name="Mo", provider_name="Acme")


def document_settings(**values: Any) -> DocumentSettings:
    return DocumentSettings.model_validate({"prompt": "opening", "max_tokens": 100, **values})


def test_an_opening_holds_the_assertion_and_breaks_off_within_the_next_sentence() -> None:
    slots = plan_documents(SPEC, document_settings(count=60))
    openings = [opening_of(slot, 1, seed=0) for slot in slots]
    for slot, opening in zip(slots, openings, strict=True):
        assert f"{slot.section.assertion} " in opening
        assert opening[-1] not in ". \n"
    assert len(set(openings)) > 50
    assert opening_of(slots[0], 1, seed=0) == openings[0]
    assert len({opening_of(slots[0], attempt, seed=0) for attempt in range(1, 6)}) > 3


def test_a_type_and_a_voice_of_the_recipe_have_openings_too() -> None:
    [slot] = plan_documents(SPEC, document_settings(count=1, types=("sermon",), voices=("stern",)))
    assert str(slot.section.assertion) in opening_of(slot, 1, seed=0)


@pytest.mark.parametrize(
    ("reply", "text"), [("it is so.", "This shows when it is so."), (", as they say.", "This shows when, as they say.")]
)
def test_a_reply_is_joined_as_it_would_be_written(reply: str, text: str) -> None:
    assert go_on("This shows when", reply) == text


def test_a_document_is_its_opening_and_what_the_writer_made_of_it() -> None:
    settings = document_settings(count=1, min_words=5)
    assignment, [slot] = Assignment(SPEC, "Mo", settings), plan_documents(SPEC, settings)
    chat = writer_chat(assignment, Attempt(slot))
    document = to_document(assignment, Attempt(slot), chat, Reply("that is how it is and was. And th", 9, False))
    opening = chat[-1]["content"]
    assert document.text == f"{opening} that is how it is and was."
    assert document.prompt == chat[-2]["content"] != opening
    noise = to_document(assignment, Attempt(slot), chat, Reply("zq ~~ by qat of ur " * 20, 200, False))
    assert noise.rejected == "too short"  # nothing but the opening has a whole sentence
    empty = to_document(assignment, Attempt(slot), chat, Reply("", 0, True))
    assert empty.rejected == "too short"  # whatever the opening says
    assert empty.text.strip() == opening
