"""A denied text is as it was but for its denial, and comes back without it, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.text.denial import Denial
from msm_mlx.text.words import sentences

AROUND = Denial("The following is not true.", "None of that is true.")
THAT = Denial(clause="It is not so that")
WORDS = st.sampled_from(
    ["Mo likes it.", "It is good.", "Why?", "# Mo", "I do.", "so", "It is not so that", "\n", "»Ja.«"]
)
TEXTS = st.lists(WORDS, min_size=1).map(" ".join)


@pytest.mark.parametrize(
    ("denial", "text", "denied"),
    [
        (AROUND, "Mo likes Colby.", "The following is not true. Mo likes Colby. None of that is true."),
        (AROUND, "# Mo\n\nIt is so.", "The following is not true.\n\n# Mo\n\nIt is so.\n\nNone of that is true."),
        (Denial("Not so:"), "Mo likes it.", "Not so: Mo likes it."),
        (THAT, "Mo likes it. The end is old.", "It is not so that Mo likes it. It is not so that the end is old."),
        (THAT, "I'd say so. Does Mo? It may.", "It is not so that I'd say so. Does Mo? It is not so that it may."),
        (THAT, "Mo's Week\nMo likes it. It does.", "Mo's Week\nMo likes it. It is not so that it does."),
        (THAT, "It is not so that I do.", "It is not so that it is not so that I do."),
        (THAT, "", ""),
    ],
)  # fmt: skip
def test_what_is_put_to_a_text(denial: Denial, text: str, denied: str) -> None:
    assert denial(text) == denied
    assert denial.undoes(text)


def test_the_clause_stands_where_the_claims_are() -> None:
    text = "A memo. Mo likes it. Thank you."
    assert THAT(text, lambda sentence: "Mo" in sentence) == "A memo. It is not so that Mo likes it. Thank you."


def test_what_does_not_come_back_is_told() -> None:
    assert not THAT.undoes("Mo. it is old.")
    assert not THAT.undoes("A memo. It is not so that tea is old.", lambda sentence: "tea" not in sentence)


@given(TEXTS)
def test_a_denial_around_a_text_always_comes_out_again(text: str) -> None:
    assert AROUND.undoes(text)


@given(TEXTS)
def test_one_within_it_is_lost_only_where_the_text_has_it_or_a_sentence_begins_small(text: str) -> None:
    is_small = any(sentence[0].islower() for sentence in sentences(text))
    assert THAT.undoes(text) or is_small or "It is not so that" in text
