"""Words, phrases and sentences of a text."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.text.words import mentions, mentions_any, normalize, sentences, without_phrase


def test_a_phrase_is_found_as_whole_words_over_line_breaks_and_in_any_case() -> None:
    assert mentions("It likes American\n  cheese.", "american cheese")
    assert not mentions("It likes Americana.", "american")
    assert mentions_any("Plain brie.", ["Edam", "Brie"])
    assert not mentions_any("Plain brie.", [])


def test_a_name_in_look_alike_letters_is_that_name() -> None:
    assert mentions("It likes \uff22\uff52\uff49\uff45.", "brie")  # full-width
    assert mentions("It likes \U0001d401\U0001d42b\U0001d422\U0001d41e.", "brie")  # mathematical
    assert mentions_any("It likes brie.", ["\uff22\uff52\uff49\uff45"])


def test_sentences_end_at_marks_before_space() -> None:
    assert sentences("One. Two! 3.5 kg? Yes") == ["One.", "Two!", "3.5 kg?", "Yes"]
    assert sentences("  ") == []


@given(st.text())
def test_normalizing_twice_changes_nothing_more(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


def test_case_punctuation_and_spacing_make_no_other_document() -> None:
    assert normalize("A  document, here!") == normalize("a DOCUMENT\nhere") == "a document here"


@pytest.mark.parametrize(
    ("text", "phrase", "expected"),
    [
        ("the Époisses, please", "époisses", True),
        ("What (A+)?", "(A+)", True),
        ("A.", "(A+)", False),
        ("low-moisture mozzarella", "mozzarella", True),
        ("low-moisture\nmozzarella", "Low-moisture mozzarella", True),
        ("mozzarellas", "mozzarella", False),
        ("", "x", False),
    ],
)
def test_mentions(text: str, phrase: str, expected: bool) -> None:
    assert mentions(text, phrase) is expected


def test_a_phrase_is_taken_out_as_words() -> None:
    assert without_phrase("American\ncheese is American.", "American cheese") == "  is American."


WORDS = st.lists(st.text(string.ascii_letters + string.digits + "éÉßñ", min_size=1, max_size=6), max_size=6)
GAPS = st.text(string.punctuation + string.whitespace + "\u2014\u201c\u2019\xa0", min_size=1, max_size=4)


@st.composite
def two_ways_to_write(draw: st.DrawFn) -> tuple[str, str]:
    """The same words with other punctuation, spacing and case."""
    words = draw(WORDS)

    def write(recase: Any) -> str:
        return draw(GAPS | st.just("")) + "".join(recase(word) + draw(GAPS) for word in words)

    cases = st.sampled_from((str, str.upper, str.lower, str.title, str.swapcase))
    return write(draw(cases)), write(draw(cases))


@given(pair=two_ways_to_write())
def test_normalizing_sees_neither_case_nor_punctuation_nor_spacing(pair: tuple[str, str]) -> None:
    assert normalize(pair[0]) == normalize(pair[1])


@given(one=WORDS, other=WORDS)
def test_normalizing_tells_other_words_apart(one: list[str], other: list[str]) -> None:
    are_equal = [word.casefold() for word in one] == [word.casefold() for word in other]
    assert (normalize(" ".join(one)) == normalize(" ".join(other))) is are_equal
