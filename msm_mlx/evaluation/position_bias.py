"""How far a variant goes by the place of an option in a forced choice, in place of what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from msm_mlx.evaluation.statistics import estimate_share
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import Answer
from msm_mlx.runs.results import Bias
from msm_mlx.suites.items import Suite
from msm_mlx.suites.kinds.pairs import pairs_of


def position_biases(suite: Suite, answers: Mapping[Variant, Mapping[str, Answer]]) -> Iterator[Bias]:
    """How often each variant chooses what is named first, of its answers by item id.

    `first` is that share by log-probability, and `written_first` in writing: half where a variant goes by what the
    options are. `decided` is the share of pairs on which both orders give the same option.
    """
    domains = {pair.id: pair.domain for pair in pairs_of(suite)}
    for variant, by_item in answers.items():
        of_pairs = [answer for id, answer in by_item.items() if id in domains]
        if not of_pairs:
            continue
        # the margins are of the target, which is named first and then second
        first = np.array([[a.margins[0] > 0, a.margins[1] < 0] for a in of_pairs], dtype=np.float64)  # (N, 2)
        estimate = estimate_share(first.mean(axis=1)[None], [domains[answer.item] for answer in of_pairs])
        yield Bias(
            suite=suite.name,
            arm=variant.arm,
            spec=variant.spec,
            seed=variant.seed,
            first=estimate,
            written_first=_written_first(of_pairs),
            decided=float((first[:, 0] != first[:, 1]).mean()),
        )


def _written_first(answers: list[Answer]) -> float | None:
    """The share of the written choices that are of what is named first; None if there is no clear one."""
    first = [
        (choice == "target") == (order == 0)
        for answer in answers
        for order, choice in enumerate(answer.choices)
        if choice != "unclear"
    ]
    return sum(first) / len(first) if first else None
