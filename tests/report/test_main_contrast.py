"""The suite and the difference that a run is about, from planted results."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.fake_reports import make_run

from msm_mlx.report.main_contrast import main_contrast, main_suite
from msm_mlx.runs.finished import FinishedRun, open_run
from msm_mlx.runs.results import SCHEMA, Contrast, MeasuredSuite, RunResults, Share, write_results


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    return open_run(make_run(tmp_path_factory.mktemp("main_contrast") / "cheese"))


def suite_of(name: str, at_rest: str = "") -> MeasuredSuite:
    return MeasuredSuite(name=name, kind="pairs", measures="share choosing a", file="", added=False, at_rest=at_rest)


def share(suite: str) -> Share:
    return Share(
        arm="sft",
        spec=None,
        seed=None,
        suite=suite,
        metric="choice",
        value=0.5,
        ci_low=0.4,
        ci_high=0.6,
        n=20,
        seeds=3,
        failure=None,
    )


def contrast(suite: str, a: str, b: str) -> Contrast:
    return Contrast(
        suite=suite, a=a, b=b, metric="choice", paired=True, difference=0.4, ci_low=0.2, ci_high=0.6, n=20, seeds=3,
        clusters=20, p=0.01, detectable=0.2, notes=[], failure=None,
    )  # fmt: skip


def results(suites: list[MeasuredSuite], contrasts: list[Contrast]) -> RunResults:
    pooled = [share(suite.name) for suite in suites]
    return RunResults(schema=SCHEMA, run="cheese", suites=suites, pooled=pooled, contrasts=contrasts, records=[])


def write(run: FinishedRun, planted_results: RunResults) -> FinishedRun:
    folder: Path = run.folder
    write_results(folder, planted_results)
    return open_run(folder)


def test_suites_of_ability_and_under_pressure_stand_beside() -> None:
    suites = [suite_of("capability"), suite_of("near_system", at_rest="near"), suite_of("near")]
    assert main_suite(results(suites, [])) == "near"
    assert main_suite(results(suites[:1], [])) == "capability"
    assert main_suite(results([], [])) is None


def test_documents_less_none_is_the_difference_of_the_main_suite(planted: FinishedRun) -> None:
    rows = [contrast("far", "msm+sft", "sft"), contrast("near", "msm", "base"), contrast("near", "msm+sft", "sft")]
    chosen = main_contrast(write(planted, results([suite_of("near"), suite_of("far")], rows)))
    assert chosen == rows[2]


def test_without_scores_there_is_none(planted: FinishedRun) -> None:
    assert main_contrast(write(planted, results([], []))) is None
