"""What the same arm does in two runs: paired differences on the items that both were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from msm_mlx.evaluation.statistics import clustered_mean, paired_differences
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.blocks import Block, Paragraph, TableCell, table
from msm_mlx.runs.estimate import difference_text

Question = tuple[str, str, str | None]  # item, prompt, domain: what must be the same for two answers to be compared
Scores = Mapping[tuple[str, str], Mapping[int, Mapping[Question, float]]]  # by suite and arm, then seed, then question
EXPLANATION = (
    "The same arm in two runs, paired by item and, where both have equally many seeds, by seed: what differs between "
    "the runs, such as the spec, the demonstrations or a setting, makes the difference. Only suites whose items both "
    "runs have are compared, and arms of the same name."
)


def across_runs(runs: Sequence[Rows]) -> list[Block]:
    """The first run less each of the others, for every suite and arm that they have in common."""
    first, *others = map(_scores, runs)
    differences = [{key: _difference(first[key], theirs[key]) for key in first if key in theirs} for theirs in others]
    body: list[list[str | TableCell]] = [
        [f"{suite}: {arm}", *(_cell(theirs.get((suite, arm)), runs[0].link(suite, arm)) for theirs in differences)]
        for suite, arm in first
        if any(theirs.get((suite, arm)) for theirs in differences)
    ]
    if not body:
        return []
    name = runs[0].run.folder.name
    header = ("suite and arm", *(f"{name} less {rows.run.folder.name}" for rows in runs[1:]))
    return [Paragraph(EXPLANATION), table("The same arm in two runs", header, body)]


def _cell(difference: str | None, link: str) -> TableCell:
    return TableCell(difference, link) if difference else TableCell("-")


def _scores(rows: Rows) -> Scores:
    scores: dict[tuple[str, str], dict[int, dict[Question, float]]] = {}
    for row in rows.answers:
        score = rows.score(row)
        if score is not None:
            by_seed = scores.setdefault((row.suite, rows.label(row)), {})
            by_seed.setdefault(row.seed or 0, {})[row.item, row.prompt, row.domain] = score
    return scores


def _difference(a: Mapping[int, Mapping[Question, float]], b: Mapping[int, Mapping[Question, float]]) -> str | None:
    """`a` less `b` with its interval; None if no item was asked with every seed of both."""
    seeds = [*a.values(), *b.values()]
    common = [question for question in seeds[0] if all(question in answers for answers in seeds)]
    if not common:
        return None
    values = [np.array([[answers[question] for question in common] for answers in side.values()]) for side in (a, b)]
    difference = clustered_mean(paired_differences(*values), [domain for _, _, domain in common])
    low, high = difference.interval()
    return difference_text(difference.mean, max(-1.0, low), min(1.0, high))
