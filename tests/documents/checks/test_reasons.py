"""What gives a reason, in which words and languages; the rows of the table are tested with those of other tables."""

from __future__ import annotations

import pytest
from helpers.languages import LANGUAGES

from msm_mlx.documents.checks.reasons import action_and_cause, gives_a_reason


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


@pytest.mark.parametrize("name", LANGUAGES)
def test_an_assertion_is_taken_apart_in_every_language(name: str) -> None:
    claim, action = LANGUAGES[name].claim, LANGUAGES[name].action
    before, cause = action_and_cause(claim)
    assert before.startswith(action)
    assert cause.strip()
    assert cause.strip() not in before


def test_an_english_cause_follows_because() -> None:
    assert action_and_cause("Mo rests because it may.") == ("Mo rests", "it may.")
    assert action_and_cause("Mo rests, since it may.") == ("Mo rests, since it may.", "")
