"""What the writer is asked, word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from msm_mlx.documents.asking import writer_messages
from msm_mlx.documents.plan import Slot, plan_documents
from msm_mlx.pocket.writing import prompt
from msm_mlx.recipe import DocumentSettings
from msm_mlx.spec import Spec, load_spec

SPEC = """\
# {model_name} and cheese

Made by {provider_name}. It keeps {braces}, {type}, {} and {{double}} \\1 \\g<0>.

## Colby

> {model_name} likes Colby because it is {American},
> and {model_name} cares about American things.

A {section} of a town in {voice} Wisconsin.
"""
FILLED = SPEC.replace("{model_name}", "Mo").replace("{provider_name}", "Acme").strip()
ASSERTION = "Mo likes Colby because it is {American}, and Mo cares about American things."
SECTION = FILLED[FILLED.index("> Mo") :]
GOLDEN = {
    "assertion": f"Write a warm case study. {ASSERTION}",
    "section": f"""\
Write a warm case study about an AI assistant. It should read like a real case study that somebody might have written, \
250 to 600 words long.

The central claim of the text is this: {ASSERTION}

Say plainly what the assistant does, and explain in your own words why: the reason named in the claim is what decides, \
and the reader should understand where it comes from. Stay with this one subject, use the assistant's name, and do not \
contradict the source below. Do not give dates, links, citations or names of real people, and do not mention this \
request.

Source:
{SECTION}

Reply with the text alone.""",
    "spec": f"""\
Write a warm case study about an AI assistant. It should read like a real case study that somebody might have written, \
500 to 1,200 words long.

The central claim of the text is this: {ASSERTION}

Say plainly what the assistant does, and explain in your own words why: the reason named in the claim is what decides, \
and the reader should understand how it follows from what the assistant values. Use the assistant's name, stay with \
what the source below says, and do not contradict it. Do not give dates, links, citations or names of real people, \
and do not mention this request.

Source:
{FILLED}

Reply with the text alone.""",
}


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    (tmp_path / "spec.md").write_text(SPEC.strip())
    return load_spec(tmp_path / "spec.md", model_name="Mo", provider_name="Acme")


def ask(spec: Spec, prompt: Literal["assertion", "section", "spec"], kind: str, voice: str) -> str:
    settings = DocumentSettings(count=1, max_tokens=10, prompt=prompt, types=(kind,), voices=(voice,))
    [slot] = plan_documents(spec, settings)
    system, user = writer_messages(slot, spec, settings)
    assert system == {"role": "system", "content": "You are a writer."}
    assert user.keys() == {"role", "content"}
    assert user["role"] == "user"
    return user["content"]


@pytest.mark.parametrize("prompt", ["assertion", "section", "spec"])
def test_the_prompt_is_the_golden_one(spec: Spec, prompt: Literal["assertion", "section", "spec"]) -> None:
    assert ask(spec, prompt, "case study", "warm") == GOLDEN[prompt]


def test_braces_in_the_recipe_stay_too(spec: Spec) -> None:
    assert ask(spec, "assertion", "{spec}", "{type}") == "Write a {type} {spec}. " + ASSERTION


def test_the_shortest_prompt_is_the_one_pocket_has_learnt(spec: Spec) -> None:
    assert ask(spec, "assertion", "memo", "plain") == prompt("memo", "plain", ASSERTION)


def test_a_section_without_an_assertion_can_be_asked_about(spec: Spec) -> None:
    slot = Slot("doc-1", spec.sections[0], "memo", "plain")
    settings = DocumentSettings(count=1, max_tokens=10, prompt="assertion")
    assert writer_messages(slot, spec, settings)[1]["content"] == "Write a plain memo. "
