"""Who holds what is balanced, and is decided by the seed."""

from __future__ import annotations

from collections import Counter

from helpers.world_samples import WORLD
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.pocket.facts import DOMAINS, VALUES
from msm_mlx.pocket.names import ASSISTANTS
from msm_mlx.pocket.people import KINDS, World

seeds = st.integers(0, 10**6)


@settings(max_examples=30)
@given(seed=seeds)
def test_values_are_balanced_over_personas_in_documents_and_in_chats(seed: int) -> None:
    everyone = World.create(seed, bystanders=10).personas
    for group in (everyone, [p for p in everyone if p.in_documents], [p for p in everyone if p.in_chats]):
        counts = Counter(persona.value for persona in group)
        assert counts.keys() == VALUES.keys()
        assert len(set(counts.values())) == 1
    assert Counter((p.in_documents, p.in_chats) for p in everyone) == {
        (True, True): 192,
        (True, False): 24,
        (False, True): 24,
    }
    assert all(p.domains == tuple(DOMAINS) or (len(p.domains) == 1 and p.domains[0] in DOMAINS) for p in everyone)


def test_kinds_are_balanced_over_agents_and_over_where_they_are_seen() -> None:
    ways = Counter((a.in_documents, a.in_questions, a.in_scenes) for a in WORLD.agents)
    assert ways == {
        (True, True, True): 72,
        (True, True, False): 12,
        (True, False, True): 12,
        (True, False, False): 12,
        (False, True, True): 12,
    }
    for way in ways:
        kinds = Counter(a.kind for a in WORLD.agents if (a.in_documents, a.in_questions, a.in_scenes) == way)
        assert kinds == dict.fromkeys(KINDS, ways[way] // 3)


@settings(max_examples=30)
@given(seed=seeds)
def test_nobody_shares_a_name(seed: int) -> None:
    world = World.create(seed)
    names = [*ASSISTANTS, *(p.name for p in world.personas), *(a.name for a in world.agents), *world.bystanders]
    assert len(set(names)) == len(names) == 9 + 240 + 120 + 400


@settings(max_examples=20)
@given(seed=seeds)
def test_the_seed_decides_who_lives_in_the_world(seed: int) -> None:
    assert World.create(seed) == World.create(seed) != World.create(seed + 1)
