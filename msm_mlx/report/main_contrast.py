"""The one suite and the one difference that a run is about first of all."""

from __future__ import annotations

from msm_mlx.evaluation.perplexity import SUITE as CAPABILITY
from msm_mlx.recipe.contrasts import is_asked
from msm_mlx.report.headlines import of_suite, suites_of
from msm_mlx.report.verdict import find_contrast, headline_pair
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.results import Contrast, RunResults


def main_suite(results: RunResults) -> str | None:
    """The suite that a run is about: the first that has scores, of those at rest and not about general ability if there
    are some; None if nothing has a score."""
    scored = suites_of(results.pooled)
    beside = {suite.name for suite in results.suites if suite.at_rest} | {CAPABILITY}
    return next((name for name in scored if name not in beside), next(iter(scored), None))


def main_contrast(run: FinishedRun) -> Contrast | None:
    """The difference on the main suite between documents and none, or of two specs; else the first that the recipe asks
    about, or with a ready-made adapter, or any."""
    suite = main_suite(run.results)
    if suite is None:
        return None
    if pair := headline_pair(run.results, suite):
        return find_contrast(run.results, suite, pair)
    rows = of_suite(run.results.contrasts, suite)
    asked = [row for row in rows if is_asked(row.a, row.b, run.recipe.stand_ins)]
    return next(iter((*asked, *(row for row in rows if has_ready_made(run, row)), *rows)), None)


def has_ready_made(run: FinishedRun, row: Contrast) -> bool:
    """Whether one of the two arms is an adapter that nobody trained in the run."""
    return not {row.a, row.b}.isdisjoint(run.recipe.adapters)
