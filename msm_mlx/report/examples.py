"""Answers of a run's arms side by side: some picked by a rule that is stated, some at random."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from msm_mlx.runs.answers import AnswerRow
from msm_mlx.runs.finished import FinishedRun

MAX_EXAMPLES = 6
SELECTION_RULE = (
    f"The {MAX_EXAMPLES} prompts on which the arms' log-odds differ most between what was seen least and most, with "
    "the first seed. They are the largest differences, not typical ones."
)

Side = dict[str, AnswerRow]  # one prompt's answers, by the arm's label


def pair_sides(run: FinishedRun, answers: Sequence[AnswerRow]) -> list[Side]:
    """What the base and the first seed of every arm wrote, grouped by item."""
    seeds = {None, min(run.recipe.seeds)}
    sides: dict[str, Side] = {}
    for row in answers:
        if row.seed in seeds and row.answer.written:
            sides.setdefault(row.item, {})[row.label(run.several_specs)] = row
    return list(sides.values())


def most_different(sides: Sequence[Side], suite: str) -> list[Side]:
    """Forced choices of `suite` by how far apart the arms' log-odds are, the furthest first."""

    def spread(side: Side) -> float:
        margins = [sum(row.answer.margins) / len(row.answer.margins) for row in side.values()]
        return max(margins) - min(margins)

    forced_choices = [side for side in sides if all(row.suite == suite and row.answer.margins for row in side.values())]
    return sorted(forced_choices, key=lambda side: (-spread(side), next(iter(side.values())).item))[:MAX_EXAMPLES]


def at_random(sides: Sequence[Side], seed: int = 0) -> list[Side]:
    return Random(seed).sample(list(sides), min(MAX_EXAMPLES, len(sides)))
