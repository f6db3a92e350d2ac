"""What the arms of one seed scored, as soon as all of them have answered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msm_mlx.pipeline.stage import Stage
from msm_mlx.pipeline.stages.evaluation import Evaluation
from msm_mlx.runs.answers import read_answers
from msm_mlx.suites.kinds import KINDS

MAX_SUITES = 3


def seed_figures(run: Path, stages: Sequence[Stage], seed: int) -> list[str]:
    """`values_apart: base 0.42, sft 0.47, msm+sft 1.00` for the first suites at rest that have scores by now.

    Args:
        stages: among them those in which the arms of the seed, and those without a seed, were asked.
    """
    from msm_mlx.evaluation.build_results import pool_shares

    asked = [one for one in stages if isinstance(one, Evaluation) and one.seed in (None, seed)]
    ends = [one for one in asked if one.variant.update is None and (run / one.file).is_file()]
    suites = {suite.name: suite for stage in ends for suite in stage.suites if not suite.at_rest}
    answers = read_answers(run, {stage.variant: tuple(suites) for stage in ends})
    lines = []
    for suite in suites.values():
        metric, several = KINDS[suite.kind].main_metric, any(stage.variant.several_specs for stage in ends)
        shares = [row for row in pool_shares(suite, suite.items, answers) if row.metric == metric]
        figures = [f"{row.label(several)} {'no finding' if row.failure else f'{row.value:.2f}'}" for row in shares]
        lines += [f"{suite.name}: {', '.join(figures)}"] if figures else []
    return lines[:MAX_SUITES]
