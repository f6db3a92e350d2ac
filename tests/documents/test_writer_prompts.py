"""What the writer is asked, word for word. `python tests/documents/test_writer_prompts.py` writes the goldens anew."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from msm_mlx.documents.narration import REQUESTS
from msm_mlx.documents.plan import Slot, plan_documents
from msm_mlx.documents.writer_prompts import CRITIQUE_PROMPTS, writer_messages
from msm_mlx.pocket.writing import prompt
from msm_mlx.prompting.prompts import SYSTEM, chat_from_prompt, prompt_version
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import Section, Spec

GOLDEN = Path(__file__).parents[1] / "golden" / "prompts"
TEXT = """\
# Mo and cheese

Made by Acme. It keeps {braces}, {type}, {} and {{double}} \\1 \\g<0>.

## Colby

> Mo likes Colby because it is {American}, and Mo cares about American things.

A {section} of a town in {voice} Wisconsin."""
ASSERTION = "Mo likes Colby because it is {American}, and Mo cares about American things."
COLBY = Section("colby", ("Colby",), 5, TEXT[TEXT.index("> Mo") :], ASSERTION)
SPEC = Spec(
    Path("s.md"), "s", "Mo and cheese", TEXT, (Section("mo-and-cheese", ("Mo and cheese",), 1, "", None), COLBY)
)
FORM: dict[str, Any] = {
    "author": "a teacher", "audience": "colleagues", "length": "200 to 350 words", "person": "Edda Novak",
    "idea": "A class asks Mo about its lunch.",
}  # fmt: skip
DOCUMENTS = ("assertion", "opening", "section", "spec", "control_section", "control_spec")


def ask(name: str, attempt: int = 1, **changes: Any) -> str:
    """The prompt for a warm case study, from the prompt file `name`."""
    values: dict[str, Any] = {"count": 1, "max_tokens": 10, "types": ("case study",), "voices": ("warm",)}
    settings = DocumentSettings(**values | {"prompt": name.removeprefix("control_")} | changes)
    [slot] = plan_documents(SPEC, settings, control=name.startswith("control_"))
    if not settings.assertion_only:
        slot = replace(slot, **FORM | ({"idea": ""} if slot.withheld else {}))
    system, user, *_ = writer_messages(slot, SPEC, settings, attempt)
    assert system == {"role": "system", "content": SYSTEM}
    assert user.keys() == {"role", "content"}
    assert user["role"] == "user"
    return user["content"]


def ideas() -> str:
    fields = {
        "name": "Mo", "type": "memo", "section": COLBY.text, "assertion": ASSERTION, "count": "4",
        "known": "\n\nThese are taken, do not repeat them:\n- A shop asks Mo for a sign.",
    }  # fmt: skip
    return chat_from_prompt("ideas", fields)[1]["content"]


def critic(name: str) -> str:
    fields = {"request": ask("section"), "draft": "Mo {likes} Colby.", "faults": "1. It is short: {say} why."}
    return chat_from_prompt(name, fields)[1]["content"]


def rendered(name: str) -> str:
    if name in CRITIQUE_PROMPTS:
        return critic(name) + "\n"
    if name == "again":
        return ask("section", attempt=2) + "\n"
    return (ideas() if name == "ideas" else ask(name)) + "\n"


@pytest.mark.parametrize("name", [*DOCUMENTS, "ideas", "again", *CRITIQUE_PROMPTS])
def test_the_prompt_is_the_golden_one(name: str) -> None:
    assert rendered(name) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_every_prompt_file_has_its_golden() -> None:
    folder = resources.files("msm_mlx.documents").joinpath("prompts")
    assert {path.name for path in folder.iterdir()} <= {path.name for path in GOLDEN.iterdir()}


def test_what_is_shared_comes_first() -> None:
    """So that a section, or the spec, is read once for all of its documents."""
    for name in ("section", "spec"):
        one, other = ask(name), ask(name, types=("memo",), voices=("plain",))
        assert one.index("Write a") == other.index("Write a") > one.index("Wisconsin")
        assert one[: one.index("Write a")] == other[: other.index("Write a")]


def test_nothing_is_said_of_a_form_that_is_not_there() -> None:
    settings = DocumentSettings(count=1, max_tokens=10, prompt="section", authors=(), audiences=(), lengths=())
    slot = Slot("doc-1", COLBY, "memo", "plain")
    asked = writer_messages(slot, SPEC, settings)[1]["content"]
    assert "might have written.\n\nSay plainly" in asked


@pytest.mark.parametrize("narration", REQUESTS)
def test_who_tells_is_asked_for_first(narration: str) -> None:
    settings = DocumentSettings(count=1, max_tokens=10, prompt="section")
    slot = Slot("doc-1", COLBY, "memo", "plain", narration=narration, audience="colleagues")
    asked = writer_messages(slot, SPEC, settings)[1]["content"]
    assert f"might have written.{REQUESTS[narration]} It is written for colleagues.\n\nSay plainly" in asked


def test_braces_in_the_recipe_stay_too() -> None:
    assert ask("assertion", types=("{spec}",), voices=("{type}",)) == "Write a {type} {spec}. " + ASSERTION


def test_the_shortest_prompt_is_the_one_pocket_has_learnt() -> None:
    assert ask("assertion", types=("memo",), voices=("plain",)) == prompt("memo", "plain", ASSERTION)


def test_a_section_without_an_assertion_can_be_asked_about() -> None:
    slot = Slot("doc-1", SPEC.sections[0], "memo", "plain")
    settings = DocumentSettings(count=1, max_tokens=10, prompt="assertion")
    assert writer_messages(slot, SPEC, settings)[1]["content"] == "Write a plain memo. "


def test_a_later_attempt_is_asked_for_in_other_words_after_the_same_beginning() -> None:
    first, second, third = (ask("section", attempt=n) for n in (1, 2, 3))
    assert second.startswith(first)
    assert len({first, second, third}) == 3
    assert ask("assertion", attempt=2) == ask("assertion")


def test_the_version_is_of_the_words() -> None:
    assert prompt_version("section") == prompt_version("section") != prompt_version("spec")


if __name__ == "__main__":
    for each in (*DOCUMENTS, "ideas", "again", *CRITIQUE_PROMPTS):
        (GOLDEN / f"{each}.txt").write_text(rendered(each), encoding="utf-8")
