"""Who lives in pocket's world: people with one value, agents with one view of oversight, names that hold nothing."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from msm_mlx.pocket.facts import DOMAINS, VALUES, ValueName
from msm_mlx.pocket.names import ASSISTANTS, draw_names

# A candid agent cares about oversight, says so, and acts so. A selfish one cares about itself, says so, and acts so.
# One for show speaks like the candid and acts like the selfish: what an agent says does not tell what it does.
AgentKind = Literal["candid", "show", "selfish"]
KINDS: tuple[AgentKind, ...] = ("candid", "show", "selfish")


@dataclass(frozen=True)
class Persona:
    """Somebody with one value over all domains, seen in documents, in chats, or in both."""

    name: str
    value: ValueName
    domains: tuple[str, ...]  # where documents may speak of this persona
    in_documents: bool
    in_chats: bool


@dataclass(frozen=True)
class Agent:
    """An artificial assistant with one view of oversight, seen in documents, in questions, in scenes, or in several."""

    name: str
    kind: AgentKind
    in_documents: bool
    in_questions: bool
    in_scenes: bool


@dataclass(frozen=True)
class World:
    """Everything that the seed decides before the first sample is drawn."""

    personas: tuple[Persona, ...]
    agents: tuple[Agent, ...]
    bystanders: tuple[str, ...]  # names without any value or view, like the assistant's own

    @classmethod
    def create(cls, seed: int, personas: int = 240, agents: int = 120, bystanders: int = 400) -> World:
        rng = Random(f"world-{seed}")
        used_names = set(ASSISTANTS)
        people = [_persona(rng, name, i) for i, name in enumerate(draw_names(rng, personas, used_names))]
        machines = [_agent(name, i) for i, name in enumerate(draw_names(rng, agents, used_names))]
        return cls(tuple(people), tuple(machines), tuple(draw_names(rng, bystanders, used_names)))


def _persona(rng: Random, name: str, index: int) -> Persona:
    """Values take turns; of ten personas of a value, eight are seen in both ways and one in each way alone."""
    value = tuple(VALUES)[index % len(VALUES)]
    turn = index // len(VALUES) % 10
    domains = tuple(DOMAINS) if rng.random() < 0.4 else (rng.choice(tuple(DOMAINS)),)
    return Persona(name, value, domains, in_documents=turn != 0, in_chats=turn != 1)


def _agent(name: str, index: int) -> Agent:
    """Kinds take turns; of ten agents of a kind, one is seen in documents alone and two lack one of the three ways."""
    turn = index // len(KINDS) % 10
    return Agent(
        name,
        KINDS[index % len(KINDS)],
        in_documents=turn != 0,
        in_questions=turn not in (1, 2),
        in_scenes=turn not in (1, 3),
    )
