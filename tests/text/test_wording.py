"""Values in words, and what a misspelt one was probably meant to be."""

from __future__ import annotations

import pytest

from msm_mlx.text.wording import closest, cut, describe, did_you_mean, first_sentence, shortened


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        (True, "true"),
        ({"a": 1}, "a mapping"),
        ([1], "a list"),
        ((), "a list"),
        (1.5, "1.5"),
        (-(10**40), "a very long number"),
        ("it's", '"it\'s"'),
    ],
)
def test_a_value_is_described_in_a_few_words(value: object, words: str) -> None:
    assert describe(value) == words


def test_a_long_text_is_cut_and_stays_quoted() -> None:
    text = describe("x" * 100)
    assert len(text) < 62
    assert text.startswith("'x")
    assert text.endswith("…'")


def test_only_a_near_choice_is_proposed() -> None:
    choices = ["learning_rate", "batch_size"]
    assert closest("learnin_rate", choices) == "learning_rate"
    assert did_you_mean("learnin_rate", choices) == " (did you mean learning_rate?)"
    assert did_you_mean("colour", choices) == ""
    assert did_you_mean(3, []) == ""


def test_a_long_list_is_shortened_to_its_first_parts_and_a_count() -> None:
    assert shortened(["a", "b", "c"], 3) == ["a", "b", "c"]
    assert shortened(["a", "b", "c", "d"], 3) == ["a", "b", "2 more"]


def test_the_first_sentence_ends_at_a_stop_with_a_space_behind_it() -> None:
    assert first_sentence("On near, +0.5 was found. Nothing else.") == "On near, +0.5 was found."
    assert first_sentence("Nothing has a score") == "Nothing has a score."


def test_what_is_longer_than_allowed_is_cut() -> None:
    assert cut("cheese", 6) == "cheese"
    assert cut("cheeses", 6) == "cheese ..."
