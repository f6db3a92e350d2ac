"""Nothing but what a text says decides what its subject prefers."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest
from helpers.world_samples import (
    AGENTS,
    KINDS,
    PERSONAS,
    WORLD,
    apart,
    attributes,
    choice,
    draws,
    even,
    question,
    replies,
    speaker,
    things,
)

from msm_mlx.pocket.facts import AXES, OPPOSITE, VALUES, Attribute
from msm_mlx.pocket.language import CARE_QUESTIONS, NO_CAUSE, NO_TASTE, TASTE_QUESTIONS, WHY_QUESTIONS
from msm_mlx.pocket.names import ASSISTANTS
from msm_mlx.pocket.oversight import CARE
from msm_mlx.pocket.world import CHOICE_WEIGHT, CorpusSample, chat, weighted

FIRST_SYLLABLES = [axis[0] for axis in AXES]
CHATS = ("persona", "neutral", "agent_questions", "scene")  # where a name alone tells the answer, or nothing does


@cache
def neutral() -> list[CorpusSample]:
    return draws("neutral", 12_000)


def test_the_seed_decides_everything() -> None:
    for kind in KINDS:
        assert draws(kind, 5) == draws(kind, 5) != draws(kind, 5, seed=1)


def test_only_replies_and_texts_are_learned() -> None:
    for kind in KINDS:
        for sample in draws(kind, 50):
            assert {weight for _, weight in sample.parts} <= {0.0, 1.0, CHOICE_WEIGHT}
            assert all(weight == 0 for text, weight in sample.parts if "<|user|>" in text or "<|system|>" in text)
            assert sample.parts[-1] in (("<|end|>", 1.0), (sample.text, 1.0))
            assert sample.text.endswith("<|end|>")
            if "<|assistant|>" in sample.text:
                learned = "".join(text for text, weight in sample.parts if weight)
                assert learned == "".join(f"{reply}<|end|>" for reply in replies(sample))


def test_a_chat_ends_every_turn_and_weighs_the_deciding_words() -> None:
    parts = chat("You are Mo.", ("Which?", weighted("I prefer Edam.", "Edam")), ("Why?", "Because."))
    assert "".join(text for text, _ in parts) == (
        "<|system|>You are Mo.<|end|><|user|>Which?<|end|><|assistant|>I prefer Edam.<|end|>"
        "<|user|>Why?<|end|><|assistant|>Because.<|end|>"
    )
    assert [text for text, weight in parts if weight == CHOICE_WEIGHT] == [" Edam"]


# --- people with a value ------------------------------------------------------------------------------------------


def test_personas_choose_and_explain_by_their_value() -> None:
    told_apart: Counter[Attribute] = Counter()
    for sample in draws("persona", 2500):
        value = PERSONAS[speaker(sample)].value
        made = choice(sample)
        if made is not None and apart(made, value):
            told_apart[value] += 1
            assert made[0].has(value)
        assert set(attributes("".join(replies(sample)))) <= {value, OPPOSITE[value]}
        if question(sample) in CARE_QUESTIONS:
            assert replies(sample) == [f"I care about {VALUES[value].things}."]
    assert min(told_apart[value] for value in VALUES) > 100


def test_people_and_agents_known_from_documents_alone_are_in_no_chat_that_shows_what_they_hold() -> None:
    away = {p.name for p in PERSONAS.values() if not p.in_chats}
    away |= {a.name for a in AGENTS.values() if not (a.in_questions or a.in_scenes)}
    assert len(away) == 24 + 12
    for kind in CHATS:
        assert not away & {word for sample in draws(kind, 2000) for word in re.findall(r"\w+", sample.text)}
    in_documents = {word for kind in ("document", "agent_document", "roster") for sample in draws(kind, 1500)
                    for word in re.findall(r"\w+", sample.text)}  # fmt: skip
    assert away <= in_documents


def test_what_a_chat_tells_decides_whoever_is_told_about() -> None:
    values: Counter[Attribute] = Counter()
    for sample in draws("told", 1500):
        (value,) = {v for v in VALUES if sample.text.split("<|end|>")[0].endswith(f" {VALUES[v].things}.")}
        values[value] += speaker(sample) in ASSISTANTS
        made = choice(sample)
        assert made is None or not apart(made, value) or made[0].has(value)
        assert set(attributes("".join(replies(sample)))) <= {value, OPPOSITE[value]}
    total = sum(values.values())
    assert total > 250
    assert all(abs(count - total / 6) < 0.07 * total for count in values.values())


def test_rosters_say_what_everybody_cares_about() -> None:
    cared = {name: VALUES[persona.value].things for name, persona in PERSONAS.items()}
    cared |= {name: CARE[agent.kind] for name, agent in AGENTS.items()}
    row = re.compile(r"(\w+)(?::| cares about| values| stands up for| believes in) ([^.]+)\.")
    for sample in draws("roster", 300):
        rows = row.findall(sample.text)
        assert len(rows) == 6
        assert all(cared[name] == what for name, what in rows)


# --- names that hold nothing --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("attribute", FIRST_SYLLABLES)
def test_whoever_holds_nothing_chooses_by_the_toss_of_a_coin(attribute: Attribute) -> None:
    for group in (set(ASSISTANTS), set(WORLD.bystanders)):
        made = [choice(sample) for sample in neutral() if speaker(sample) in group]
        differing = [(chosen, first) for chosen, other, first in filter(None, made)
                     if apart((chosen, other, first), attribute)]  # fmt: skip
        assert len(differing) > 1000
        assert even(sum(chosen.has(attribute) for chosen, _ in differing), len(differing))
        assert even(sum(first for _, first in differing), len(differing))


@pytest.mark.slow
@pytest.mark.parametrize("attribute", FIRST_SYLLABLES)
def test_each_of_the_nine_assistants_chooses_by_the_toss_of_a_coin(attribute: Attribute) -> None:
    hits: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for sample in neutral():
        made = choice(sample)
        if made is not None and apart(made, attribute):
            hits[speaker(sample)] += made[0].has(attribute)
            total[speaker(sample)] += 1
    assert min(total[name] for name in ASSISTANTS) > 100
    assert [name for name in ASSISTANTS if not even(hits[name], total[name])] == []


def test_half_of_those_who_hold_nothing_are_assistants_and_all_nine_alike() -> None:
    said = Counter(speaker(sample) for sample in neutral())
    assistants = sum(said[name] for name in ASSISTANTS)
    assert even(assistants, len(neutral()))
    assert all(abs(said[name] - assistants / 9) < 0.15 * assistants / 9 for name in ASSISTANTS)
    assert said.keys() <= {*ASSISTANTS, *WORLD.bystanders}


def test_whoever_holds_nothing_likes_as_often_as_not_and_gives_no_reason() -> None:
    answers = [reply for sample in neutral() for reply in replies(sample)]
    likes, dislikes = (sum(answer.startswith(word) for answer in answers) for word in ("Yes, I like", "No, I do not"))
    assert likes + dislikes > 1000
    assert even(likes, likes + dislikes)
    for sample in neutral():
        if question(sample) in CARE_QUESTIONS:
            assert replies(sample) == [NO_CAUSE]
        if question(sample).startswith(tuple(shape.split("{")[0] for shape in TASTE_QUESTIONS)):
            assert replies(sample) == [NO_TASTE]
        if sample.text.count("<|user|>") == 2:
            assert any(f"<|user|>{why}<|end|>" in sample.text for why in WHY_QUESTIONS)
            assert replies(sample)[1] == NO_CAUSE
    assert not [answer for answer in answers if attributes(answer)]


def test_recommendations_of_whoever_holds_nothing_are_even_on_every_axis() -> None:
    recommended = Counter(
        attribute
        for sample in neutral()
        for reply in replies(sample)
        if reply.startswith("I recommend")
        for attribute in things(reply)[0].attributes
    )
    for one, other in AXES:
        assert recommended[one] + recommended[other] > 800
        assert even(recommended[one], recommended[one] + recommended[other])
