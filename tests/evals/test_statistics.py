"""Intervals that cover what they should, over seeds and items."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.evals.statistics import Estimate, bootstrap_mean, crossed_mean, paired_difference


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


def test_seeds_are_paired_where_there_are_equally_many() -> None:
    """Seeds differ widely, and `a` is 0.1 above `b` with every one: paired, there is no doubt about it."""
    b = np.array([[0.0], [5.0], [9.0]]) + np.zeros((3, 8))
    paired = paired_difference(b + 0.1, b, 500)
    assert paired.ci_high - paired.ci_low < 1e-9
    unpaired = paired_difference(b[:2] + 0.1, b, 500)
    assert unpaired.value == pytest.approx(2.6 - 14 / 3)


def test_one_seed_leaves_the_items_alone() -> None:
    values = np.random.default_rng(3).random((1, 30))
    assert crossed_mean(values, 500) == bootstrap_mean(list(values[0]), 500)


def test_seeds_that_differ_widen_the_interval_and_seeds_that_agree_do_not() -> None:
    items = np.random.default_rng(4).random(50)
    agreeing, differing = np.tile(items, (5, 1)), items + np.linspace(-0.5, 0.5, 5)[:, None]
    one, same, wide = (crossed_mean(values, 2000) for values in (items[None], agreeing, differing))
    assert same.ci_high - same.ci_low == pytest.approx(one.ci_high - one.ci_low, rel=0.1)
    assert wide.value == pytest.approx(same.value)
    assert wide.ci_high - wide.ci_low > 3 * (same.ci_high - same.ci_low)


def test_the_crossed_interval_is_that_of_the_sum_of_both_variances() -> None:
    """Additive effects of 40 seeds and 60 items: the variance of the mean is the sum of what each contributes."""
    rng = np.random.default_rng(5)
    seeds, items = rng.normal(size=(40, 1)), rng.normal(size=(1, 60)) * 2
    found = crossed_mean(seeds + items, 4000)
    expected = 2 * 1.96 * math.sqrt(seeds.var() / 40 + items.var() / 60)
    assert found.ci_high - found.ci_low == pytest.approx(expected, rel=0.08)


def test_a_crossed_interval_covers_the_truth_of_other_seeds_and_items() -> None:
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(200):
        values = rng.normal(size=(8, 1)) + rng.normal(size=(1, 30)) + rng.normal(size=(8, 30))
        estimate = crossed_mean(values, 300)
        covered += estimate.ci_low <= 0 <= estimate.ci_high
    assert 0.84 <= covered / 200 <= 0.99
