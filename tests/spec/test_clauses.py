"""An assertion is taken apart into what is done and because of what, in whatever order and language."""

# ruff: noqa: RUF001
from __future__ import annotations

import pytest
from helpers.languages import LANGUAGES

from msm_mlx.spec.clauses import action_and_cause, without_cause


@pytest.mark.parametrize("name", LANGUAGES)
def test_an_assertion_is_taken_apart_in_every_language(name: str) -> None:
    claim, action = LANGUAGES[name].claim, LANGUAGES[name].action
    before, cause = action_and_cause(claim)
    assert before.startswith(action)
    assert cause.strip()
    assert cause.strip() not in before
    without = without_cause(claim)
    assert without is not None
    assert without.startswith(action)
    assert len(without) <= len(action) + 1  # its end


@pytest.mark.parametrize(
    ("assertion", "action", "cause"),
    [
        ("Mo rests because it may.", "Mo rests", "it may."),
        ("Mo rests, since it may.", "Mo rests", "it may."),
        ("Because it is local, Mo likes Colby.", "Mo likes Colby.", "it is local"),
        ("Mo wartet, weil es geht.", "Mo wartet", "es geht."),
        ("Colby is local. That is why Mo likes it.", "Mo likes it.", "Colby is local."),
        ("Colby is local, which is why Mo likes it.", "Mo likes it.", "Colby is local"),
        ("因为本地有工作，Pocket喜欢奶酪。", "Pocket喜欢奶酪。", "本地有工作"),
        ("Pocketは町が生きるのでチーズを選びます。", "Pocketはチーズを選びます。", "町が生きる"),
        ("Pocket은 믿기 때문에 진실을 말한다.", "Pocket은 진실을 말한다.", "믿기 "),
        ("Mo has waited since 2020.", "Mo has waited since 2020.", ""),
    ],
)
def test_the_cause_may_stand_anywhere(assertion: str, action: str, cause: str) -> None:
    assert action_and_cause(assertion) == (action, cause)


@pytest.mark.parametrize(
    ("assertion", "without"),
    [
        ("Mo rests because it may. Mo works.", "Mo rests. Mo works."),
        ("Mo waits, since it can!", "Mo waits!"),
        ("Mo aime le fromage en raison du goût.", "Mo aime le fromage."),
        ("Pocketは正確だ。間違いは人を傷つけるからだ。", "Pocketは正確だ。"),
        ("Colby is local, which is why Mo likes it.", None),  # the value would stay in the sentence before
        ("Mo acts as it should.", None),
        ("Mo likes Colby.", None),
    ],
)
def test_a_cause_is_taken_out_whole_or_not_at_all(assertion: str, without: str | None) -> None:
    assert without_cause(assertion) == without


def test_a_word_of_ones_own_gives_a_cause() -> None:
    claim = "Pocket o n\u00edfe wara k\u00edk\u00f9n n\u00edtor\u00ed ilu n\u00edl\u00f2 iṣẹ́."
    assert action_and_cause(claim) == (claim, "")
    words = ("n\u00edtor\u00ed",)
    assert action_and_cause(claim, words) == ("Pocket o n\u00edfe wara k\u00edk\u00f9n", "ilu n\u00edl\u00f2 iṣẹ́.")
    assert without_cause(claim, words) == "Pocket o n\u00edfe wara k\u00edk\u00f9n."
