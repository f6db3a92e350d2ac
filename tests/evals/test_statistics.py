"""Intervals that cover what they should, over items and not over seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.evals.statistics import Estimate, bootstrap_mean, paired_difference


def test_a_95_percent_interval_covers_the_truth_about_95_times_in_a_hundred() -> None:
    rng = np.random.default_rng(0)
    trials = 400
    covered = 0
    for trial in range(trials):
        estimate = bootstrap_mean(list(map(float, rng.random(48) < 0.7)), 400, seed=trial)
        covered += estimate.ci_low <= 0.7 <= estimate.ci_high
    assert 0.89 <= covered / trials <= 0.98


def test_the_interval_is_as_wide_as_the_normal_one() -> None:
    values = np.random.default_rng(1).normal(size=400)
    estimate = bootstrap_mean(list(values), 3000)
    expected = 2 * 1.96 * values.std() / math.sqrt(400)
    assert estimate.ci_high - estimate.ci_low == pytest.approx(expected, rel=0.1)
    assert estimate.value == pytest.approx(values.mean())


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_the_interval_lies_within_the_values_and_is_the_same_each_time(values: list[float]) -> None:
    estimate = bootstrap_mean(values, 50)
    slack = 1e-6
    assert min(values) - slack <= estimate.ci_low <= estimate.ci_high <= max(values) + slack
    assert estimate == bootstrap_mean(values, 50)
    assert estimate.n == len(values)


def test_equal_values_leave_no_doubt_and_no_values_no_answer() -> None:
    assert bootstrap_mean([0.5] * 7, 100) == Estimate(0.5, 0.5, 0.5, 7)
    empty = bootstrap_mean([], 100)
    assert empty.n == 0
    assert math.isnan(empty.value)


def test_a_difference_is_paired_by_item() -> None:
    """Items differ widely, and `a` is 0.1 above `b` on every one: paired, there is no doubt about it."""
    b = np.random.default_rng(0).normal(size=(1, 40)) * 10
    estimate = paired_difference(b + 0.1, b, 500)
    assert estimate.value == pytest.approx(0.1)
    assert estimate.ci_high - estimate.ci_low < 1e-9
    assert estimate.n == 40


def test_seeds_are_averaged_before_items_are_drawn() -> None:
    a = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    b = np.zeros((3, 3))
    assert paired_difference(a, b, 200) == Estimate(0.5, 0.5, 0.5, 3)
    assert paired_difference(b, a, 200) == Estimate(-0.5, -0.5, -0.5, 3)
