"""Answers of a run's arms side by side: those that differ most, and ordinary ones with a share that is stated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from msm_mlx.report.headlines import of_suite
from msm_mlx.report.main_contrast import main_contrast, main_suite
from msm_mlx.runs.answers import AnswerRow
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.suites.kinds import KINDS

DRAW_SEED = 0

Side = dict[str, AnswerRow]  # one prompt's answers, by the arm's label


@dataclass(frozen=True)
class Examples:
    """Prompts of the main suite with the answers of every arm, and how they were picked."""

    a: str
    b: str
    """The arms that differ, by their labels."""
    largest: tuple[Side, ...]
    """Those on which they differ most, the largest difference first."""
    ordinary: tuple[Side, ...]
    """Some of the others, drawn by a seed."""
    total: int
    """How many prompts there were to pick from."""
    suite: str

    all_prompts: bool
    """Whether these were all of the suite; otherwise they are those that were answered in writing."""

    @property
    def rule_of_largest(self) -> str:
        return f"{len(self.largest)} of {self._prompts}: those on which {self.a} and {self.b} differ most, first seed"

    @property
    def rule_of_ordinary(self) -> str:
        others = self.total - len(self.largest)
        if not self.largest:
            return f"{len(self.ordinary)} of {self._prompts}, drawn by seed: {self.a} and {self.b} differ on none"
        return (
            "The others"
            if len(self.ordinary) == others
            else f"{len(self.ordinary)} of the other {others}, drawn by seed"
        )

    @property
    def _prompts(self) -> str:
        return f"{self.total} prompts of {self.suite}" + ("" if self.all_prompts else " that were answered in writing")


def choose_examples(run: FinishedRun, largest: int, ordinary: int) -> Examples | None:
    """The prompts on which the two arms of the main contrast differ most, and some drawn from the rest.

    Prompts that both arms have answered in writing are taken if there are some. None if nothing was answered.
    """
    suite = main_suite(run.results)
    contrast = main_contrast(run)
    labels = _labels(run, suite) if suite else []
    if suite is None or len(labels) < 2:
        return None
    a, b = (contrast.a, contrast.b) if contrast else (labels[-1], labels[0])
    sides = [side for side in pair_sides(run, of_suite(run.answers, suite)) if a in side and b in side]
    count = len(sides)
    sides = [side for side in sides if side[a].answer.written and side[b].answer.written] or sides
    if not sides:
        return None
    ranked = sorted(_drawn(sides, len(sides)), key=lambda side: _difference(side[a], side[b]), reverse=True)
    top = [side for side in ranked[:largest] if any(_difference(side[a], side[b]))]
    rest = sorted(ranked[len(top) :], key=lambda side: side[a].item)
    return Examples(a, b, tuple(top), tuple(_drawn(rest, ordinary)), len(sides), suite, len(sides) == count)


def pair_sides(run: FinishedRun, answers: Sequence[AnswerRow]) -> list[Side]:
    """What the base and the first seed of every arm answered, grouped by item; only items that have a score."""
    seeds = {None, min(run.recipe.seeds)}
    sides: dict[str, Side] = {}
    for row in answers:
        if row.seed in seeds and KINDS[row.kind].main_metric in row.answer.metrics:
            sides.setdefault(row.item, {})[row.label(run.several_specs)] = row
    return list(sides.values())


def reply_of(row: AnswerRow) -> str:
    """What was written; where nothing was, which option is the likelier one."""
    if row.answer.written:
        return row.reply
    if row.margin is None:
        return "(not written)"
    option = row.details["target" if row.margin > 0 else "other"]
    return f"({option}: likelier by {abs(row.margin):.1f} nats)"


def _labels(run: FinishedRun, suite: str) -> list[str]:
    return list(dict.fromkeys(row.label(run.several_specs) for row in of_suite(run.answers, suite)))


def _difference(one: AnswerRow, other: AnswerRow) -> tuple[float, float]:
    """How far two answers to an item are apart: in what they add to the main metric, then in the log-odds."""
    metric = KINDS[one.kind].main_metric
    return (
        abs(one.answer.metrics[metric] - other.answer.metrics[metric]),
        abs((one.margin or 0.0) - (other.margin or 0.0)),
    )


def _drawn(sides: Sequence[Side], count: int) -> list[Side]:
    return Random(DRAW_SEED).sample(list(sides), min(count, len(sides)))
