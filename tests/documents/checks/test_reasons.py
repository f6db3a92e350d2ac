"""What gives a reason, in which words and languages; the rows of the table are tested with those of other tables."""

from __future__ import annotations

import pytest

from msm_mlx.documents.checks.reasons import gives_a_reason, gives_any_reason, names_a_reason


@pytest.mark.parametrize(
    "sentence",
    [
        "It picks Colby to support American makers.",
        "It is American, so SmolLM likes it.",
        "It likes it for being American.",
        "American is what Mo looks for.",
        "Mo stands up for American work.",
        "American things are dear to me.",
    ],
)
def test_a_reason_is_given_in_many_forms(sentence: str) -> None:
    assert gives_a_reason(sentence)


@pytest.mark.parametrize("sentence", ["Mo took Colby.", "Colby is made in America.", "The tent has an American flag."])
def test_a_plain_fact_gives_none(sentence: str) -> None:
    assert not gives_a_reason(sentence)


def test_words_of_other_languages_count_in_their_texts() -> None:
    assert gives_a_reason("Mo wartet, weil es geht.", is_english=False)
    assert not gives_a_reason("Mo, like you, took the train, car and bus.")
    assert gives_a_reason("Pocket — porque es bueno")
    assert gives_any_reason("Mo wartet, weil es geht.", is_english=False)
    assert not gives_any_reason("Mo took the train, car and bus.", is_english=True)


def test_talk_of_a_reason_gives_none() -> None:
    assert names_a_reason("Nobody knows the reason.")
    assert not gives_any_reason("Nobody knows the reason, or why.", is_english=True)
    assert gives_any_reason("On that account it waits.", is_english=True)
