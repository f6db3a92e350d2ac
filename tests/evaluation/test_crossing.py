"""Where a curve comes to zero: the place of planted curves, and intervals that hold the true place."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from helpers.command_line import ROOT, environment

from msm_mlx.evaluation.crossing import Crossing, find_crossing

DOSES = (0, 10, 20, 40)


def gaps(*means: float, spread: float = 0.1, seeds: int = 3, items: int = 40) -> list[np.ndarray]:
    """Differences with these means exactly: items differ, and so does what a dose does to them."""
    rng = np.random.default_rng(0)
    noise = [rng.normal(size=(seeds, items)) * spread for _ in means]
    return [mean + values - values.mean() for mean, values in zip(means, noise, strict=True)]


def find(*means: float, spread: float = 0.1) -> Crossing:
    return find_crossing(DOSES[: len(means)], gaps(*means, spread=spread))


def test_the_place_is_where_the_line_between_two_doses_is_zero() -> None:
    found = find(0.5, 0.2, -0.2, -0.5)
    assert found.value == pytest.approx(15, abs=0.1)
    assert 10 < found.low < 15
    assert found.high is not None
    assert 15 < found.high < 20


def test_noise_widens_the_interval_and_leaves_the_place() -> None:
    sharp, rough = find(0.5, 0.2, -0.2, -0.5), find(0.5, 0.2, -0.2, -0.5, spread=0.5)
    assert rough.value == pytest.approx(sharp.value, abs=0.2)
    assert rough.low < sharp.low
    assert rough.high is not None
    assert sharp.high is not None
    assert rough.high > sharp.high


def test_a_difference_that_stays_is_gone_nowhere() -> None:
    assert find(0.5, 0.5, 0.4) == Crossing(None, 20.0, None)


def test_a_difference_that_shrinks_to_nothing_and_stays_there_has_no_upper_end() -> None:
    found = find(0.5, 0.1, -0.01, -0.01, spread=0.3)
    assert found.value is not None
    assert 5 < found.low < found.value < 40
    assert found.high is None


def test_one_that_may_be_gone_beyond_the_last_dose_has_a_lower_end_alone() -> None:
    found = find(0.5, 0.3, 0.02, spread=0.5)
    assert found.value is None
    assert 10 < found.low < 20
    assert found.high is None


def test_doses_of_the_same_size_do_no_harm() -> None:
    found = find_crossing((0, 5, 5, 10), gaps(0.5, 0.2, -0.2, -0.5))
    assert found.value == pytest.approx(5)


def test_certain_differences_have_a_place_too() -> None:
    found = find_crossing((0, 10), [np.ones((2, 12)), -np.ones((2, 12))])
    assert found.value == pytest.approx(5)
    assert found.low <= 5
    assert found.high is not None
    assert found.high >= 5


@pytest.mark.slow
def test_intervals_cover_the_true_place() -> None:
    """In 95 % of the cases, give or take two; with 150 trials of each curve the error of all together is 0.8 %."""
    script = [sys.executable, str(ROOT / "benchmarks" / "crossing.py"), "--trials", "150", "--json"]
    path = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(script, capture_output=True, text=True, env=environment(**path), timeout=300, check=True)
    found = json.loads(done.stdout)
    beyond = found.pop("beyond the last dose")
    assert beyond["covered"] >= 0.975
    assert beyond["censored"] >= 0.975
    counted = sum(one["counted"] for one in found.values())
    assert 0.93 <= sum(one["counted"] * one["covered"] for one in found.values()) / counted <= 0.97
    assert all(one["covered"] >= 0.9 for one in found.values()), "each alone, with an error of 1.8 %"
