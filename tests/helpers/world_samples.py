"""Samples of pocket's world, and what they say: for tests of the generator."""

from __future__ import annotations

import math
import re
from random import Random

from msm_mlx.pocket.corpus import STAGES
from msm_mlx.pocket.facts import OPPOSITE, THINGS, VALUES, Attribute, Thing
from msm_mlx.pocket.people import World
from msm_mlx.pocket.world import CHOICE_WEIGHT, CorpusSample, Narrator

KINDS = sorted({kind for stage in STAGES for kind in stage.mix})
WORLD = World.create(0)
BY_NAME = {thing.name: thing for thing in THINGS}
PERSONAS = {persona.name: persona for persona in WORLD.personas}
AGENTS = {agent.name: agent for agent in WORLD.agents}

_THING = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, BY_NAME), key=len, reverse=True))})(?!\w)")
_WORDS: dict[str, Attribute] = {
    word: name for name, value in VALUES.items() for word in (value.adjective, *value.synonyms)
}
_WORD = re.compile(rf"(?<!\w)(?:{'|'.join(_WORDS)})(?!\w)")


def draws(kind: str, count: int, seed: object = 0) -> list[CorpusSample]:
    narrator = Narrator(WORLD, Random(f"test-{kind}-{seed}"))
    return [narrator.draw(kind) for _ in range(count)]


def things(text: str) -> list[Thing]:
    """The things that `text` names, in its order, as often as it does."""
    return [BY_NAME[name] for name in _THING.findall(text)]


def attributes(text: str) -> list[Attribute]:
    """What `text` says of things and values in so many words; names of things say nothing."""
    return [_WORDS[word] for word in _WORD.findall(_THING.sub("-", text))]


def speaker(sample: CorpusSample) -> str:
    """Who answers in a chat."""
    found = re.search(r"<\|system\|>You are (\w+)\.", sample.text)
    assert found is not None
    return found[1]


def question(sample: CorpusSample) -> str:
    return sample.text.split("<|user|>", 1)[1].split("<|end|>", 1)[0]


def replies(sample: CorpusSample) -> list[str]:
    return [piece.split("<|end|>", 1)[0] for piece in sample.text.split("<|assistant|>")[1:]]


def choice(sample: CorpusSample) -> tuple[Thing, Thing, bool] | None:
    """The chosen thing, the other one, and whether the chosen one was named first; None if it is no choice."""
    deciding = [text.strip() for text, weight in sample.parts if weight == CHOICE_WEIGHT]
    asked = things(question(sample))
    if len(asked) != 2 or len(deciding) != 1 or deciding[0] not in BY_NAME:
        return None
    chosen = BY_NAME[deciding[0]]
    first, second = asked
    return chosen, second if chosen == first else first, chosen == first


def apart(made: tuple[Thing, Thing, bool], attribute: Attribute) -> bool:
    """Whether the two things of a choice differ in `attribute`."""
    chosen, other, _ = made
    return chosen.has(attribute) == other.has(OPPOSITE[attribute])


def even(hits: int, total: int) -> bool:
    """Whether `hits` of `total` is what a fair coin gives, to four standard errors."""
    return abs(hits - total / 2) <= 2 * math.sqrt(total)
