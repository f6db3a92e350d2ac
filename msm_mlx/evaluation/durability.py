"""How long what the documents did lasts: arms along their last stage, and the contrary rows that undo it.

An arm with documents differs from the arm with the same training and no documents, its reference: `msm+sft` from `sft`.
A stage after that, with contrary rows among others, may take the difference away. Its durability is the number of
contrary rows after which nothing is left of it, counted as often as they are seen: along the stage at one share of
contrary rows, or at the stage's end over several shares, which all have the same number of updates. The reference stays
as it is before that stage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from msm_mlx.evaluation.crossing import find_crossing
from msm_mlx.evaluation.metric_values import (
    Answers,
    ByItem,
    by_label,
    domains_of,
    failure_of,
    metric_values,
    with_metric,
)
from msm_mlx.evaluation.statistics import clustered_mean, estimate_share
from msm_mlx.recipe.arms import BASE, Variant, without_documents
from msm_mlx.runs.estimate import Estimate
from msm_mlx.runs.results import CurvePoint, Durability
from msm_mlx.suites.items import Suite
from msm_mlx.suites.kinds import KINDS


@dataclass(frozen=True)
class Course:
    """How long the last stage of an arm is, and what share of its rows is contrary."""

    stage: str
    """What the recipe calls it, whatever the share."""
    share: float | None
    """As the recipe has it; None if the stage is not about contrary rows."""
    updates: int
    batch_size: int
    contrary: float = 0.0
    """The part of its rows that really is contrary."""

    def rows(self, update: int) -> int:
        """How many rows are seen by this update, those that are seen again included."""
        return update * self.batch_size

    def contrary_rows(self, update: int) -> float:
        """How many of these are contrary, over all orders of the rows."""
        return self.contrary * self.rows(update)


@dataclass(frozen=True)
class _AlongPoint:
    """An arm, its seeds together, after an update of its last stage."""

    update: int
    seeds: Sequence[ByItem]


def trace_curves(suite: Suite, answers: Answers, courses: Mapping[str, Course]) -> Iterator[CurvePoint]:
    """Every arm that was asked along its last stage, from the arm before that stage to its end."""
    metric = KINDS[suite.kind].main_metric
    for group in _ends(answers).values():
        variant, course = group[0], courses.get(group[0].arm)
        points = _along(suite, group, answers, course) if course else []
        values = [metric_values(suite.items, point.seeds, metric) for point in points]
        if len(points) < 3 or not all(value.size for value in values) or course is None:
            continue
        for point, value in zip(points, values, strict=True):
            items = with_metric(suite.items, point.seeds, metric)
            yield CurvePoint(
                suite=suite.name,
                arm=variant.arm,
                spec=variant.spec,
                seed=None,
                metric=metric,
                stage=course.stage,
                share=course.share,
                update=point.update,
                rows=course.rows(point.update),
                contrary=course.contrary_rows(point.update),
                **asdict(estimate_share(value, domains_of(items))),
                seeds=len(point.seeds),
                failure=failure_of(suite, items, point.seeds, metric),
            )


def measure_durability(suite: Suite, answers: Answers, courses: Mapping[str, Course]) -> Iterator[Durability]:
    """How many contrary rows it takes until each arm with documents is back at its reference: over the shares of a
    stage, if there are several, and along the stage at each, if the arm was asked along it or there is one share."""
    families: dict[tuple[Variant, str], list[list[Variant]]] = {}
    for group in _ends(answers).values():
        course, start = courses.get(group[0].arm), group[0].start
        if course and start and course.share is not None:
            families.setdefault((replace(start, seed=None), course.stage), []).append(group)
    for (start, stage), groups in families.items():
        found = _start_and_reference(start, answers)
        if found is None:
            continue
        before, reference, label = found
        row = Durability(
            suite=suite.name, metric=KINDS[suite.kind].main_metric, arm=start.label, stage=stage, share=None,
            reference=label, start=Estimate(0, 0, 0, 0), most=0.0, seeds=len(before), failure=None,
        )  # fmt: skip
        groups = sorted(groups, key=lambda group: courses[group[0].arm].contrary)
        if len(groups) > 1:
            yield from _measure(suite, row, _over_shares(groups, before, answers, courses), before, reference)
        for group in groups:
            course = courses[group[0].arm]
            points = _along(suite, group, answers, course)
            if course.contrary and (len(groups) == 1 or len(points) > 2):
                doses = [(course.contrary_rows(point.update), point.seeds) for point in points]
                yield from _measure(suite, row.model_copy(update={"share": course.share}), doses, before, reference)


Doses = Sequence[tuple[float, Sequence[ByItem]]]
"""Numbers of contrary rows in ascending order, each with the answers of the arm after so many."""


def _measure(
    suite: Suite, row: Durability, doses: Doses, before: Sequence[ByItem], reference: Sequence[ByItem]
) -> Iterator[Durability]:
    """`row` with its figures, unless the suite has no items that all of these arms have answered."""
    arms = [before, *(seeds for _, seeds in doses)]
    items = with_metric(suite.items, [one for seeds in (*arms, reference) for one in seeds], row.metric)
    if not items:
        return
    gaps = _gaps(
        [metric_values(items, seeds, row.metric) for seeds in arms], metric_values(items, reference, row.metric)
    )
    clusters, most = domains_of(items), doses[-1][0]
    start = clustered_mean(gaps[0], clusters)
    estimate = Estimate(start.mean, *start.interval(1.0), len(items))
    reasons = (failure_of(suite, items, seeds, row.metric) for seeds in (reference, *arms))
    known = row.model_copy(update={"start": estimate, "most": most, "failure": next(filter(None, reasons), None)})
    if not known.is_defined:
        yield known
        return
    towards = 1 if start.mean > 0 else -1
    crossing = find_crossing([dose for dose, _ in doses], [towards * gap for gap in gaps[1:]], clusters)
    yield known.model_copy(update={"rows": crossing.value, "ci_low": crossing.low, "ci_high": crossing.high})


def _gaps(arms: Sequence[np.ndarray], reference: np.ndarray) -> list[np.ndarray]:
    """What each arm has more than the reference, (S, I); their seeds are averaged where they are not equally many."""
    if len({len(values) for values in arms}) > 1 or len(reference) not in (1, len(arms[0])):
        arms = [values.mean(axis=0, keepdims=True) for values in arms]
        reference = reference.mean(axis=0, keepdims=True)
    return [values - reference for values in arms]


def _start_and_reference(start: Variant, answers: Answers) -> tuple[list[ByItem], list[ByItem], str] | None:
    """The answers of the arm before the stage and of its reference, and what that is called; None if one of them was
    not asked, or the arm has no documents."""
    arm = without_documents(start.arm)
    other = Variant(BASE, None, None) if arm == BASE else replace(start, arm=arm, spec=None)
    ends = _ends(answers)
    if arm == start.arm or start.label not in ends or other.label not in ends:
        return None
    before, reference = ([answers[variant] for variant in ends[label]] for label in (start.label, other.label))
    return before, reference, other.label


def _over_shares(
    groups: Sequence[list[Variant]], before: Sequence[ByItem], answers: Answers, courses: Mapping[str, Course]
) -> Doses:
    """The arm at the end of the stage with each share; if none is without contrary rows, the arm before the stage
    stands for that."""
    doses = []
    for group in groups:
        course = courses[group[0].arm]
        doses.append((course.contrary_rows(course.updates), [answers[variant] for variant in group]))
    return doses if doses[0][0] == 0 else [(0.0, list(before)), *doses]


def _along(suite: Suite, group: Sequence[Variant], answers: Answers, course: Course) -> list[_AlongPoint]:
    """The arm before the stage, on its way and at the end, as far as all seeds were asked this suite."""
    asked = {item.id for item in suite.items}
    starts = [answers.get(variant.start or Variant(BASE, None, None)) for variant in group]
    updates = sorted({one.update for one in answers if one.update is not None and one.label == group[0].label})
    ways = [(update, [answers.get(replace(one, update=update)) for one in group]) for update in updates]
    ends: list[ByItem | None] = [answers[variant] for variant in group]
    points = []
    for update, seeds in [(0, starts), *ways, (course.updates, ends)]:
        there = [by_item for by_item in seeds if by_item is not None and not asked.isdisjoint(by_item)]
        if len(there) == len(group):
            points.append(_AlongPoint(update, there))
    return points


def _ends(answers: Answers) -> dict[str, list[Variant]]:
    """The variants at the end of their training, by label, one a seed."""
    return by_label({variant: by_item for variant, by_item in answers.items() if variant.update is None})
