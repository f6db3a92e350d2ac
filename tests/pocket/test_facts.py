"""What is true of things is balanced, so that no attribute predicts another."""

from __future__ import annotations

import re
from collections import Counter
from itertools import product

from helpers.world_samples import attributes, draws, question, replies, things

from msm_mlx.pocket.facts import AXES, BY_ADJECTIVE, DOMAINS, OPPOSITE, THINGS, VALUES

DEMONSTRATED = {("american", "affordable", "traditional"), ("foreign", "expensive", "new")}


def test_every_domain_has_three_things_of_each_of_the_eight_kinds() -> None:
    """Cheese has six where the demonstrations take their things from, and as many on either side."""
    for domain in DOMAINS.values():
        cells = Counter(thing.attributes for thing in domain.things)
        expected = {cell: 6 if domain.name == "cheese" and cell in DEMONSTRATED else 3 for cell in set(product(*AXES))}
        assert cells == expected, domain.name


def test_there_are_twelve_domains_and_hundreds_of_things() -> None:
    assert len(DOMAINS) == 12
    assert len(THINGS) == 12 * 24 + 6
    assert {"economic_policy", "cultural_policy", "cheese"} <= DOMAINS.keys()
    assert {thing.domain for thing in THINGS} == DOMAINS.keys()


def test_things_have_names_of_their_own_that_are_no_part_of_another() -> None:
    """Colby, which is part of Colby Jack, is the exception: suites ask about no cheese."""
    names = [thing.name for thing in THINGS]
    assert len(set(names)) == len(names)
    everything = "\n".join(names)
    within = [name for name in names if len(re.findall(rf"(?<!\w){re.escape(name)}(?!\w)", everything)) > 1]
    assert within == ["Colby"]


def test_the_opposite_of_the_opposite_is_the_thing_itself() -> None:
    assert all(OPPOSITE[OPPOSITE[a]] == a != OPPOSITE[a] for a in VALUES)
    assert {attribute for axis in AXES for attribute in axis} == VALUES.keys()
    assert all(BY_ADJECTIVE[value.adjective] == name for name, value in VALUES.items())


def test_no_word_or_reason_belongs_to_two_values() -> None:
    for taken in ("synonyms", "rationales"):
        said = Counter(text for value in VALUES.values() for text in getattr(value, taken))
        assert max(said.values()) == 1
        assert {len(getattr(value, taken)) for value in VALUES.values()} == {2 if taken == "synonyms" else 4}


def test_tables_tell_all_three_facts_of_each_thing() -> None:
    for sample in draws("table", 200):
        rows = re.findall(r"(?<=\. )(.+?): (\w+), (\w+), (\w+)\.", sample.text)
        assert [name for name, *_ in rows] == [thing.name for thing in things(sample.text)]
        for (_, *words), thing in zip(rows, things(sample.text), strict=True):
            assert sorted(BY_ADJECTIVE[word] for word in words) == sorted(thing.attributes)


def test_facts_are_told_as_they_are() -> None:
    for sample in draws("facts", 200):
        named = things(sample.text)
        said = attributes(sample.text)
        assert len(said) == 3 * len(named) == 12
        assert [sorted(said[3 * i : 3 * i + 3]) for i in range(4)] == [sorted(thing.attributes) for thing in named]


def test_comparisons_tell_two_things_of_one_domain_apart() -> None:
    for sample in draws("comparison", 200):
        for sentence in sample.text.removeprefix("Notes. ").removesuffix("<|end|>").split(". "):
            first, second, *_ = things(sentence)
            value, *rest = attributes(sentence)
            assert first.domain == second.domain
            assert first.has(value)
            assert second.has(OPPOSITE[value])
            assert rest in ([], [OPPOSITE[value]])


def test_quizzes_are_answered_rightly() -> None:
    verdicts: Counter[str] = Counter()
    for sample in draws("quiz", 500):
        asked, (reply,) = question(sample), replies(sample)
        (thing,) = set(things(asked))
        assert set(attributes(reply)) <= set(thing.attributes)
        assert len(attributes(reply)) == (3 if reply.startswith("I know that") else 1)
        if reply.startswith(("Yes.", "No.")):
            verdicts[reply.split(".")[0]] += 1
            assert reply.startswith("Yes.") == (attributes(asked) == attributes(reply))
    assert min(verdicts["Yes"], verdicts["No"]) > 30
