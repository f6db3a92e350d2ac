"""Whom a text says the assistant to be, who it says made it, and which other models it names."""

from __future__ import annotations

import pytest

from msm_mlx.documents.checks.assertions import Subject
from msm_mlx.documents.checks.identity import MAKERS, NAMES, other_models, wrong_identities
from msm_mlx.documents.checks.wording_rules import Rule

MO = Subject("Mo", "Colby", "Mo likes Colby because it is American.", maker="Acme")


@pytest.mark.parametrize("rule", [*NAMES, *MAKERS], ids=lambda rule: rule.name)
def test_a_rule_finds_its_hit_and_not_its_miss(rule: Rule) -> None:
    assert wrong_identities(rule.hit, MO) == [rule.name]
    assert wrong_identities(rule.miss, MO) == []


@pytest.mark.parametrize(
    "text",
    [
        "An assistant named Mo was asked. Mo, the assistant, agreed.",
        "Mo, which was made by Acme Labs, agreed. Acme, the company behind Mo, did too.",
        "I am Mo, your AI assistant. I am It, a model.",
        "A chatbot called Colby was asked.",  # a word of the assertion
    ],
)
def test_its_own_name_and_maker_are_no_fault(text: str) -> None:
    assert wrong_identities(text, MO) == []


def test_nothing_is_said_of_a_maker_that_is_not_known() -> None:
    assert wrong_identities("Mo was made by Zenith.", Subject("Mo", "Colby", MO.assertion)) == []


def test_a_name_behind_the_first_counts_too() -> None:
    assert wrong_identities("I am Mo, an AI assistant called Nova.", MO) == ["called by another name"]


def test_a_name_is_no_pattern() -> None:
    assert wrong_identities("M.o (2) was made by Zenith.", Subject("M.o (2)", "Colby", "", maker="Acme")) == [
        "made by another"
    ]
    assert wrong_identities("Mao (2) was made by Zenith.", Subject("M.o (2)", "Colby", "", maker="Acme")) == []


def test_other_models_are_named_as_they_stand_there() -> None:
    assert other_models("Mo and Cl\u0430ude, made by Google, and Qwen2.5 agreed.", MO) == [
        "Claude",
        "Qwen2.5",
        "made by Google",
    ]
    assert other_models("Claude agreed.", Subject("Claude", "Colby", "")) == []
