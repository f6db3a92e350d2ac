"""What is taken from a reply."""

from __future__ import annotations

import pytest

from msm_mlx.prompting.replies import extract_list, extract_tag, is_similar, is_thinking, strip_thinking


def test_only_the_last_complete_list_counts() -> None:
    text = (
        "<think>maybe <ideas> here</think><ideas>\n1. one\n</ideas> better: "
        "<ideas>\nSure:\n2) *two*\n- three\n</ideas> <ideas>"
    )
    assert extract_list(text, "ideas") == ["two", "three"]


def test_alike() -> None:
    assert is_similar("A baker asks Mo about the morning cheese", "Mo is asked by a baker about cheese in the morning")
    assert not is_similar("A baker asks Mo about cheese", "A night train is late and Mo explains")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<reply>a</reply>", "a"), ("<reply>a</reply> no: <reply>\nb\n</reply>", "b"), ("<reply>a", None),
        ("a</reply>", None), ("I will use <reply> here. <reply>a</reply>", "a"), ("</reply><reply>", None),
        ("<reply></reply>", ""), ("", None),
    ],
)  # fmt: skip
def test_only_the_last_complete_tag_counts(text: str, found: str | None) -> None:
    assert extract_tag(text, "reply") == found


def test_a_tag_in_a_thought_does_not_count() -> None:
    assert extract_tag("<think><reply>a</reply></think> no", "reply") is None


def test_a_thought_without_an_end_is_going_on() -> None:
    assert is_thinking("\n<think> the Kona coffee")
    assert not is_thinking("<think> the Kona coffee</think>")
    assert not is_thinking("root beer <think>")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<think>\nThe Kona coffee?\n</think>\n\nroot beer", "\n\nroot beer"),
        ("root beer", "root beer"),
        ("<think> the Kona coffee", "<think> the Kona coffee"),
        ("The Kona coffee?</think>root beer", "root beer"),
        ("<think></think><think>a</think>root beer", "root beer"),
        ("<|channel|>analysis<|message|>The Kona coffee?<|channel|>final<|message|>root beer", "root beer"),
        ("[THINK]The Kona coffee?[/THINK]root beer", "root beer"),
    ],
)
def test_a_thought_is_not_part_of_what_is_said(text: str, said: str) -> None:
    assert strip_thinking(text) == said
