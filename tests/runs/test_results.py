"""Results come back from their file as they were, and what is wrong with the file is told with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.planted_runs import make_run

from msm_mlx.errors import RecipeError
from msm_mlx.files import write_json
from msm_mlx.runs.layout import RESULTS
from msm_mlx.runs.results import Contrast, RunResults, read_results, write_results


def contrast(low: float, high: float, failure: str | None = None) -> Contrast:
    return Contrast(
        suite="apart", a="msm+sft", b="sft", metric="choice", paired=True, difference=0.2, ci_low=low, ci_high=high,
        n=48, seeds=1, clusters=7, p=0.01, detectable=0.1, notes=[], failure=failure,
    )  # fmt: skip


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    results = read_results(make_run(tmp_path / "run"))
    write_results(tmp_path, results)
    assert read_results(tmp_path) == results
    assert results.contrasts
    assert (tmp_path / RESULTS).read_bytes() == (tmp_path / "run" / RESULTS).read_bytes()


def test_a_suite_is_looked_up_by_its_name(tmp_path: Path) -> None:
    results = read_results(make_run(tmp_path / "run"))
    name = results.suites[0].name
    assert results.suite(name) == results.suites[0]
    assert results.suite("nothing") is None


@pytest.mark.parametrize(
    ("row", "clear"),
    [
        (contrast(0.1, 0.3), True),
        (contrast(0.0, 0.4), False),
        (contrast(0.1, 0.3, failure="more replies than not cannot be read"), False),
    ],
)
def test_a_difference_that_means_nothing_is_not_clear(row: Contrast, clear: bool) -> None:
    assert row.is_clear is clear


def test_an_unfinished_evaluation_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="has no finished evaluation; run the recipe's command again to go on"):
        read_results(tmp_path)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"schema": 2}, "schema: Input should be 1"),
        ({"pooled": [{"arm": "msm"}]}, "pooled.0.spec: Field required"),
        ({"more": 1}, "more: Extra inputs are not permitted"),
    ],
)
def test_a_damaged_file_is_told_with_the_key(changes: dict[str, object], problem: str, tmp_path: Path) -> None:
    empty = RunResults(run="cheese", records=[], contrasts=[], pooled=[], suites=[], schema=1)
    write_json(tmp_path / RESULTS, empty.plain() | changes)
    with pytest.raises(RecipeError) as caught:
        read_results(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / RESULTS}: damaged: {problem}; delete the file and run `msm-mlx evaluate` again"
    )
