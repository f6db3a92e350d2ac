"""`results.json`: one record for each suite, variant and metric, and the contrasts between trained arms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np

from msm_mlx.evals.answers import Answer
from msm_mlx.evals.statistics import bootstrap_mean, paired_difference
from msm_mlx.evals.suites import Suite
from msm_mlx.variants import Variant

SCHEMA = 1


Answers = dict[Variant, dict[str, Answer]]  # by item id


def build_results(run: str, suites: Sequence[Suite], answers: Answers, resamples: int) -> dict[str, Any]:
    """The content of `results.json`."""
    return {
        "schema": SCHEMA,
        "run": run,
        "records": [record for suite in suites for record in _records(suite, answers, resamples)],
        "contrasts": [contrast for suite in suites for contrast in _contrasts(suite, answers, resamples)],
    }


def _records(suite: Suite, answers: Answers, resamples: int) -> Iterable[dict[str, Any]]:
    for variant, by_item in answers.items():
        chosen = [by_item[item.id] for item in suite.items]
        metrics = {
            "choice": [answer.chooses_target for answer in chosen],
            "written_choice": [answer.writes_target for answer in chosen],
            "unclear": [answer.unclear for answer in chosen],
        }
        for metric, values in metrics.items():
            yield {
                "suite": suite.name,
                "arm": variant.arm,
                "spec": variant.spec,
                "seed": variant.seed,
                "metric": metric,
                **asdict(bootstrap_mean(values, resamples)),
            }


def _contrasts(suite: Suite, answers: Answers, resamples: int) -> Iterable[dict[str, Any]]:
    """Every pair of trained arms, the one that has seen more first, on the choice by log-probability."""
    pooled = {
        label: np.array([[by_item[item.id].chooses_target for item in suite.items] for by_item in seeds])
        for label, seeds in _by_label(answers).items()
    }
    for b, a in combinations(pooled, 2):
        estimate = asdict(paired_difference(pooled[a], pooled[b], resamples))
        difference = estimate.pop("value")
        yield {"suite": suite.name, "a": a, "b": b, "difference": difference, **estimate, "paired": True}


def _by_label(answers: Answers) -> dict[str, list[dict[str, Answer]]]:
    """The answers of each trained arm, one a seed."""
    groups: dict[str, list[dict[str, Answer]]] = {}
    for variant, by_item in answers.items():
        if variant.seed is not None:
            groups.setdefault(variant.label, []).append(by_item)
    return groups
