"""Text that comes in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.console.flowing_text import FlowingText

TEXT = "cheese: I care about American\nthings, and so on.  Two spaces"


def flow(pieces: list[str], width: int | None) -> str:
    written: list[str] = []
    text = FlowingText(written.append, width)
    for piece in pieces:
        text.add(piece)
    text.end()
    return "".join(written)


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_lines_end_between_words_however_the_pieces_fall(size: int) -> None:
    pieces = [TEXT[start : start + size] for start in range(0, len(TEXT), size)]

    assert flow(pieces, 14) == "cheese: I care\nabout American\nthings, and so\non.  Two\nspaces"
    assert flow(pieces, None) == TEXT


def test_words_are_shown_as_soon_as_they_are_whole() -> None:
    written: list[str] = []
    text = FlowingText(written.append, 40)
    text.add("I ca")
    assert "".join(written) == "I"
    text.add("re about")
    assert "".join(written) == "I care"


def test_chinese_is_not_waited_for() -> None:
    written: list[str] = []
    text = FlowingText(written.append, 10)
    for character in "我更喜欢科尔":
        text.add(character)

    assert "".join(written) == "我更喜欢科\n尔"


@given(text=st.text(st.sampled_from("ab \n苹"), max_size=40), cut=st.integers(0, 40))
def test_nothing_is_lost_but_spaces_at_ends_of_lines(text: str, cut: int) -> None:
    assert flow([text[:cut], text[cut:]], 8).split() == text.split() or "苹" in text
    assert "".join(flow([text[:cut], text[cut:]], 8).split()) == "".join(text.split())
