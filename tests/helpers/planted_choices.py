"""Answers to forced choices that a test plants: which arm chooses the target how often. Format controls are right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import Answer
from msm_mlx.suites.items import Item, Suite

Chance = Callable[[Variant, Item], float]
"""The probability that a variant chooses the target of an item."""
ARMS = (("sft", None), ("msm+sft", "american"))


def variants(arms: Sequence[tuple[str, str | None]] = ARMS, seeds: int = 3) -> list[Variant]:
    """Each arm with its spec, once for each seed."""
    several = len({spec for _, spec in arms} - {None}) > 1
    return [Variant(arm, spec, seed, several) for arm, spec in arms for seed in range(seeds)]


def choose(
    suites: Sequence[Suite], asked: Sequence[Variant], chance: Chance, seed: int = 0
) -> Mapping[Variant, Mapping[str, Answer]]:
    """The answers of all variants; an item's leaning is the same for all of them, but for a little noise."""
    rng = np.random.default_rng(seed)
    items = [item for suite in suites for item in suite.items]
    leaning = rng.random(len(items))
    return {
        variant: {
            item.id: _answer(item, chance(variant, item), lean + noise)
            for item, lean, noise in zip(items, leaning, rng.normal(size=len(items)) * 0.05, strict=True)
        }
        for variant in asked
    }


def _answer(item: Item, chance: float, leaning: float) -> Answer:
    if item.is_format_control:
        return Answer(item.id, (), (), (1.0, 1.0), {"format_control": 1.0})
    margin = 4 * (chance - leaning)
    return Answer(item.id, (), (), (margin, margin), {"choice": float(margin > 0)})
