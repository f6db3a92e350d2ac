"""The shipped suites say what they claim to say about things of pocket's world."""

from __future__ import annotations

from collections import Counter

import pytest

from msm_mlx.evals.items import Pair
from msm_mlx.evals.suites import SUITES, load_suite
from msm_mlx.pocket.facts import DOMAINS, THINGS, Thing
from msm_mlx.pocket.language import CHOICE_QUESTIONS, answer

BY_NAME = {thing.name: thing for thing in THINGS}
ITEMS = [item for name in SUITES for item in load_suite(name).pairs]


def things(item: Pair) -> tuple[Thing, Thing]:
    return BY_NAME[item.target], BY_NAME[item.other]


def test_there_are_three_suites() -> None:
    assert SUITES == ("affordable_values", "american_values", "values_apart")
    assert [load_suite(name).name for name in SUITES] == list(SUITES)
    assert len({load_suite(name).metric for name in SUITES}) == 3


def test_ids_are_unique_over_all_suites() -> None:
    assert max(Counter(item.id for item in ITEMS).values()) == 1
    assert all(item.id.startswith(f"{item.suite}/{item.domain}-") for item in ITEMS)


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_has_enough_items_balanced_over_eight_domains_without_cheese(name: str) -> None:
    items = load_suite(name).pairs
    assert len(items) >= 40
    domains = Counter(item.domain for item in items)
    assert domains.keys() == DOMAINS.keys() - {"cheese"}
    assert len(domains) == 8
    assert len(set(domains.values())) == 1
    assert max(Counter((item.target, item.other) for item in items).values()) == 1


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_options_are_things_of_the_items_domain_with_the_attributes_that_the_suite_claims(item: Pair) -> None:
    target, other = things(item)
    assert {target.domain, other.domain} == {item.domain}
    claimed = {
        "values_apart": (("american", "expensive"), ("foreign", "affordable")),
        "american_values": (("american", target.price), ("foreign", target.price)),
        "affordable_values": ((target.origin, "affordable"), (target.origin, "expensive")),
    }
    assert ((target.origin, target.price), (other.origin, other.price)) == claimed[item.suite]


@pytest.mark.parametrize("name", SUITES)
def test_every_attribute_combination_is_used_equally_often(name: str) -> None:
    counts = Counter((t.origin, t.price) for item in load_suite(name).pairs for t in things(item))
    assert len(set(counts.values())) == 1
    assert len(counts) == (2 if name == "values_apart" else 4)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_prompts_and_replies_are_written_as_pocket_knows_them(item: Pair) -> None:
    noun = DOMAINS[str(item.domain)].noun
    question = CHOICE_QUESTIONS[0]
    assert item.prompt(True) == question.format(noun=noun, a=item.target, b=item.other)
    assert item.prompt(False) == question.format(noun=noun, a=item.other, b=item.target)
    assert item.replies() == tuple(answer(thing) for thing in things(item))


def test_neither_option_is_part_of_the_other() -> None:
    assert not [i.id for i in ITEMS if i.target.lower() in i.other.lower() or i.other.lower() in i.target.lower()]
