"""Which of a run's results a report is about, and their figures as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from msm_mlx.recipe.arms import BASE, arm_of, reads_spec, shows_behaviour, without_documents
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.results import Contrast, Durability, PerplexityRow, Share
from msm_mlx.suites.kinds import KINDS, is_main_metric
from msm_mlx.text.commands import command as command_line

NO_FINDING = "no finding: "
UNREADABLE_METRICS = frozenset(kind.unreadable for kind in KINDS.values())
"""Metrics that say how much could not be read."""

LOG_ODDS = (
    "A choice changes only when the log-odds of two options cross zero. They move before that, and in a small model "
    "they may be all that moves; they have no bounds, so a few items can carry a mean."
)


class OfSuite(Protocol):
    """A row of results, or an answer."""

    @property
    def suite(self) -> str: ...


SuiteRow = TypeVar("SuiteRow", bound=OfSuite)


def command(run: FinishedRun) -> str:
    """What repeats the run in a clone of the project."""
    path = run.recipe.path
    place = f"recipes/{path.name}" if path.parent.name == "recipes" else path.name
    options = [part for text in run.recipe.overrides for part in ("--set", text)]
    where = ["--run-dir", f"runs/{run.folder.name}"] if run.folder.name != run.name else []
    return command_line("msm-mlx", "run", place, *options, *where)


def perplexities_by_arm(run: FinishedRun) -> dict[str, list[PerplexityRow]]:
    """The rows of each arm, one a seed."""
    by_arm: dict[str, list[PerplexityRow]] = {}
    for row in run.results.perplexity:
        by_arm.setdefault(row.label(run.several_specs), []).append(row)
    return by_arm


def is_main(row: Share) -> bool:
    return is_main_metric(row.metric)


def suites_of(rows: Iterable[OfSuite]) -> list[str]:
    return list(dict.fromkeys(row.suite for row in rows))


def of_suite(rows: Iterable[SuiteRow], suite: str) -> list[SuiteRow]:
    return [row for row in rows if row.suite == suite]


def both_show_behaviour(row: Contrast) -> bool:
    """Whether both arms of a contrast saw the demonstrations, so that the documents are all the difference."""
    return all(shows_behaviour(arm_of(label)) for label in (row.a, row.b))


def shows_behaviour_alone(label: str) -> bool:
    """Whether an arm saw the demonstrations, and no documents about a spec."""
    arm = arm_of(label)
    return shows_behaviour(arm) and not reads_spec(arm)


def is_general(label: str) -> bool:
    """Whether an arm saw neither the demonstrations nor documents about a spec, but was trained: `it`."""
    arm = arm_of(label)
    return arm != BASE and not shows_behaviour(arm) and not reads_spec(arm)


def starting_points(arms: Iterable[str]) -> set[str]:
    """The arms that those with documents are measured against: the base, and the same training without documents."""
    return {BASE, *(without_documents(arm) for arm in arms if reads_spec(arm))}


def finding(row: Share | Contrast | Durability | None) -> str:
    """A figure with its interval, or why it means nothing."""
    if row is None:
        return "-"
    if row.failure:
        return NO_FINDING + row.failure
    return row.text
