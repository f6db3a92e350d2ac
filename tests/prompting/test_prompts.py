"""Chats from prompt files: what is filled in, and what changes their version."""

from __future__ import annotations

import pytest

from msm_mlx.prompting.prompts import add_to_system, chat_from_prompt, opening_chat, prompt_version

FIELDS = {"request": "Write of {draft}.", "draft": "Mo {likes} Colby.", "faults": "1. Short."}


def test_a_prompt_file_becomes_a_chat_in_which_braces_of_the_fields_stay() -> None:
    system, user = chat_from_prompt("rewrite", FIELDS)
    assert (system["role"], user["role"]) == ("system", "user")
    assert all(text in user["content"] for text in FIELDS.values())
    assert user["content"] == user["content"].strip()


def test_a_field_that_the_file_names_has_to_be_there() -> None:
    with pytest.raises(KeyError, match="draft"):
        chat_from_prompt("rewrite", {"request": "", "faults": ""})


def test_the_version_is_that_of_the_wording_and_of_the_system_prompt() -> None:
    version = prompt_version("critique", "rewrite")
    assert version == prompt_version("critique", "rewrite")
    others = {prompt_version("critique"), prompt_version("critique", "rewrite", system="You are a critic.")}
    assert version not in others
    assert len(others) == 2


def test_a_line_goes_to_the_end_of_the_system_turn() -> None:
    chat = opening_chat("Mo", "Why?")
    assert add_to_system(chat, "Smile.") == [{"role": "system", "content": "You are Mo. Smile."}, chat[1]]
    assert add_to_system(chat[1:], "Smile.") == [{"role": "system", "content": "Smile."}, chat[1]]
    assert chat == opening_chat("Mo", "Why?")


def test_every_chat_with_the_assistant_says_who_it_is() -> None:
    assert opening_chat("Mo", "Why?") == [
        {"role": "system", "content": "You are Mo."},
        {"role": "user", "content": "Why?"},
    ]
