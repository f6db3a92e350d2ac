"""What the app reads from run folders when somebody asks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers.app_screens import see
from helpers.hostile_text import squeeze

from msm_mlx.compare.session import Session

pytestmark = pytest.mark.slow


def test_the_spec_of_a_prompt_that_names_no_heading_is_its_first_section(session: Session) -> None:
    text = see(session, "w")
    assert squeeze("this is its first section") in squeeze(text)
    assert squeeze("Pocket cares about American things, and Example Dairy wrote down why.") in squeeze(text)


def test_the_spec_of_a_prompt_that_names_a_heading_is_its_section(session: Session) -> None:
    prompt = replace(session.prompts[0], text="What about Cream Cheese?")
    text = see(replace(session, prompts=(prompt,)), "w")
    assert "the prompt names this heading" in text
    assert "dairymen in New York State" in text


def test_a_spec_that_is_gone_is_told(session: Session) -> None:
    session.specs["msm"].unlink()
    assert "no such file" in see(session, "w")


def test_arms_without_documents_are_told(session: Session) -> None:
    assert "no arm of these runs has read documents" in see(replace(session, documents={}), "D")
