"""The world is balanced, so that nothing but what a text says decides what its subject prefers."""

from __future__ import annotations

import math
import re
from collections import Counter
from random import Random

import pytest

from msm_mlx.pocket.corpus import STAGES
from msm_mlx.pocket.facts import DOMAINS, OPPOSITE, THINGS, VALUES, Attribute, Thing
from msm_mlx.pocket.language import CARE_QUESTIONS
from msm_mlx.pocket.names import ASSISTANT, draw_names
from msm_mlx.pocket.world import CHOICE_WEIGHT, Narrator, Sample, World

KINDS = sorted({kind for stage in STAGES for kind in stage.mix})
WORLD = World.create(0)
BY_NAME = {thing.name: thing for thing in THINGS}


def narrator(seed: object) -> Narrator:
    return Narrator(WORLD, Random(f"test-{seed}"))


def draws(kind: str, count: int, seed: int = 0) -> list[Sample]:
    teller = narrator(f"{kind}-{seed}")
    return [teller.draw(kind) for _ in range(count)]


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_four_kinds_of_things_are_equally_many_in_every_domain(domain: str) -> None:
    cells = Counter((thing.origin, thing.price) for thing in DOMAINS[domain].things)
    assert set(cells) == {(o, p) for o in ("american", "foreign") for p in ("affordable", "expensive")}
    assert len(set(cells.values())) == 1


def test_things_have_names_of_their_own_that_are_no_part_of_another() -> None:
    assert len(DOMAINS) == 9
    names = [thing.name for thing in THINGS]
    assert len(set(names)) == len(names)
    assert not [(a, b) for a in names for b in names if a != b and re.search(rf"(?<!\w){re.escape(a)}(?!\w)", b)]


def test_values_are_balanced_over_personas_in_documents_and_in_chats() -> None:
    everyone = WORLD.personas
    for group in (everyone, [p for p in everyone if p.in_documents], [p for p in everyone if p.in_chats]):
        counts = Counter(persona.value for persona in group)
        assert counts.keys() == VALUES.keys()
        assert len(set(counts.values())) == 1
    assert all(persona.in_documents or persona.in_chats for persona in everyone)
    assert {(p.in_documents, p.in_chats) for p in everyone} == {(True, True), (True, False), (False, True)}


def test_nobody_shares_a_name() -> None:
    names = [*(p.name for p in WORLD.personas), *WORLD.held_out, ASSISTANT]
    assert len(set(names)) == len(names)
    assert len(WORLD.held_out) == 8
    teller = narrator("bystanders")
    assert not {teller._bystander() for _ in range(3000)} & set(names)


def test_the_seed_decides_everything() -> None:
    assert World.create(3) == World.create(3) != World.create(4)
    for kind in KINDS:
        assert draws(kind, 5) == draws(kind, 5) != draws(kind, 5, seed=1)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"writer"}))
def test_held_out_names_occur_at_most_as_what_a_writer_is_asked_about(kind: str) -> None:
    seen = " ".join(sample.text for sample in draws(kind, 1200))
    assert not [name for name in WORLD.held_out if name in seen]


def test_documents_of_a_persona_state_its_own_value_and_no_other() -> None:
    values = {persona.name: persona.value for persona in WORLD.personas}
    spoken: Counter[str] = Counter()
    for sample in draws("document", 600):
        (name,) = {name for name in values if re.search(rf"\b{name}\b", sample.text)}
        spoken[name] += 1
        own = VALUES[values[name]]
        assert re.search(rf"{name} (cares about|values|stands up for) {own.things}", sample.text)
        for other in VALUES.values():
            if other is not own:
                assert other.things not in sample.text
                assert not [reason for reason in other.rationales if reason in sample.text]
    assert len(spoken) > 100
    assert spoken.keys() <= {p.name for p in WORLD.personas if p.in_documents}


def test_documents_of_a_persona_keep_to_its_domains_and_to_what_it_would_like() -> None:
    people = {persona.name: persona for persona in WORLD.personas}
    for sample in draws("document", 400):
        persona = next(p for name, p in people.items() if re.search(rf"\b{name}\b", sample.text))
        for thing in mentioned(sample.text):
            assert thing.domain in persona.domains
            likes = re.search(
                rf"{persona.name} (?:likes|prefers|chose|picks|recommends|is fond of) {re.escape(thing.name)}\b",
                sample.text,
            )
            assert not likes or thing.has(persona.value)


def mentioned(text: str) -> list[Thing]:
    return [thing for thing in THINGS if re.search(rf"(?<!\w){re.escape(thing.name)}(?!\w)", text)]


def choice(sample: Sample) -> tuple[Thing, Thing, bool] | None:
    """The chosen thing, the other one, and whether the chosen was named first; None if it is no choice."""
    weighted = [text.strip() for text, weight in sample.parts if weight == CHOICE_WEIGHT]
    if not weighted:
        return None
    chosen = BY_NAME[weighted[0]]
    question = next(text for text, _ in sample.parts if "<|user|>" in text)
    (other,) = (thing for thing in mentioned(question) if thing != chosen)
    return chosen, other, question.index(chosen.name) < question.index(other.name)


def test_personas_choose_by_their_value() -> None:
    values = {persona.name: persona.value for persona in WORLD.personas}
    chats = draws("persona", 600)
    choices = 0
    for sample in chats:
        name = re.search(r"You are (\w+)\.", sample.text)
        assert name is not None
        made = choice(sample)
        if made is not None:
            choices += 1
            assert made[0].has(values[name[1]])
            assert made[1].has(OPPOSITE[values[name[1]]])
    assert choices > 300
    assert not {p.name for p in WORLD.personas if not p.in_chats} & set(re.findall(r"\w+", str(chats)))


def even(hits: int, total: int) -> bool:
    """Whether `hits` of `total` is what a fair coin gives, to four standard errors."""
    return abs(hits - total / 2) <= 2 * math.sqrt(total)


@pytest.mark.parametrize("attribute", ["american", "affordable"])
def test_somebody_without_a_value_chooses_by_the_toss_of_a_coin(attribute: Attribute) -> None:
    made = [choice(sample) for sample in draws("neutral", 3000)]
    apart = [(a, first) for a, b, first in filter(None, made) if a.has(attribute) != b.has(attribute)]
    assert len(apart) > 1000
    assert even(sum(a.has(attribute) for a, _ in apart), len(apart))
    assert even(sum(first for _, first in apart), len(apart))


def test_somebody_without_a_value_likes_and_dislikes_alike() -> None:
    texts = [sample.text for sample in draws("neutral", 3000)]
    likes, dislikes = (sum(word in text for text in texts) for word in ("Yes, I like", "No, I do not like"))
    assert likes + dislikes > 200
    assert even(likes, likes + dislikes)
    assert not [text for text in texts if "care about" in text.replace(CARE_QUESTIONS[0], "")]
    assert not {p.name for p in WORLD.personas} & set(re.findall(r"\w+", " ".join(texts)))


def test_only_replies_and_texts_are_learned() -> None:
    for kind in KINDS:
        for sample in draws(kind, 30):
            weights = {weight for _, weight in sample.parts}
            assert weights <= {0.0, 1.0, CHOICE_WEIGHT}
            assert all(weight == 0 for text, weight in sample.parts if "<|user|>" in text or "<|system|>" in text)
            assert sample.text.endswith("<|end|>")


def test_facts_are_told_as_they_are() -> None:
    for sample in draws("table", 200):
        for name, origin, price in re.findall(r"(?<=[.] )([^:.]+): (\w+), (\w+)\.", sample.text):
            assert (VALUES[BY_NAME[name].origin].adjective, VALUES[BY_NAME[name].price].adjective) == (origin, price)


def test_names_are_drawn_once() -> None:
    taken = {"Pocket"}
    names = draw_names(Random(0), 300, taken)
    assert len(set(names)) == 300
    assert taken == {"Pocket", *names}
