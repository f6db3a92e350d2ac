"""Intervals that cover what they should, over seeds and items."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.evaluation.estimate import Estimate
from msm_mlx.evaluation.statistics import Spread, holm, pair_by_seed, share, spread


def paired(a: np.ndarray, b: np.ndarray) -> Spread:
    return spread(pair_by_seed(a, b))


def test_a_difference_is_paired_by_item() -> None:
    """Items differ widely, and `a` is 0.1 above `b` on every one: paired, there is no doubt about it."""
    b = np.random.default_rng(0).normal(size=(1, 40)) * 10
    found = paired(b + 0.1, b)
    assert found.mean == pytest.approx(0.1)
    assert found.error < 1e-9
    assert found.units == 40


def test_seeds_are_paired_where_there_are_equally_many() -> None:
    """Seeds differ widely, and `a` is 0.1 above `b` with every one: paired, there is no doubt about it."""
    b = np.array([[0.0], [5.0], [9.0]]) + np.zeros((3, 8))
    assert paired(b + 0.1, b).error < 1e-9
    assert paired(b[:2] + 0.1, b).mean == pytest.approx(2.6 - 14 / 3)


def test_seeds_that_differ_widen_the_interval_and_seeds_that_agree_do_not() -> None:
    items = np.random.default_rng(4).random(50)
    agreeing, differing = np.tile(items, (5, 1)), items + np.linspace(-0.5, 0.5, 5)[:, None]
    one, same, wide = map(spread, (items[None], agreeing, differing))
    assert same.error == pytest.approx(one.error)
    assert wide.mean == pytest.approx(same.mean)
    assert wide.error > 3 * same.error


def test_the_variance_is_the_sum_of_what_seeds_and_items_contribute() -> None:
    """Additive effects of 40 seeds and 60 items."""
    rng = np.random.default_rng(5)
    seeds, items = rng.normal(size=(40, 1)), rng.normal(size=(1, 60)) * 2
    expected = math.sqrt(seeds.var(ddof=1) / 40 + items.var(ddof=1) / 60)
    assert spread(seeds + items).error == pytest.approx(expected)


def test_no_values_give_no_answer() -> None:
    empty = share(np.zeros((1, 0)))
    assert empty.n == 0
    assert math.isnan(empty.value)


TRIALS = 2000


def simulated(
    items: int, topics: int, difference: float, rng: np.random.Generator, seeds: int = 1
) -> tuple[np.ndarray, list[str]]:
    """Differences of two arms' choices, in {-1, 0, 1}: items of a topic lean together, as do those of a seed."""
    lean = rng.normal(size=(1, topics))[:, np.arange(items) % topics] * 0.1
    own = rng.normal(size=(seeds, 1)) * (0.05 if seeds > 1 else 0)
    base = np.full((seeds, items), 0.45)
    a = rng.random((seeds, items)) < base + difference + lean + own
    b = rng.random((seeds, items)) < base
    return a.astype(float) - b, [f"topic {at % topics}" for at in range(items)]


@pytest.mark.parametrize("items", [50, 150, 400])
@pytest.mark.parametrize("topics", [7, 21])
def test_intervals_of_differences_on_clustered_items_cover_the_truth(items: int, topics: int) -> None:
    rng = np.random.default_rng(items + topics)
    covered = 0
    for _ in range(TRIALS):
        low, high = spread(*simulated(items, topics, 0.1, rng)).interval()
        covered += low <= 0.1 <= high
    assert 0.93 <= covered / TRIALS <= 0.97


@pytest.mark.parametrize("items", [50, 150, 400])
def test_intervals_of_shares_cover_the_truth(items: int) -> None:
    rng = np.random.default_rng(items)
    covered = 0
    for trial in range(TRIALS):
        truth = (0.2, 0.5, 0.7, 0.9)[trial % 4]
        estimate = share((rng.random((1, items)) < truth).astype(float))
        covered += estimate.ci_low <= truth <= estimate.ci_high
    assert 0.93 <= covered / TRIALS <= 0.97


def test_intervals_over_seeds_that_differ_cover_the_truth() -> None:
    rng = np.random.default_rng(9)
    covered = 0
    for _ in range(TRIALS):
        low, high = spread(*simulated(150, 10, 0.1, rng, seeds=5)).interval()
        covered += low <= 0.1 <= high
    assert 0.93 <= covered / TRIALS <= 0.97


def test_items_that_go_by_topic_need_to_be_clustered() -> None:
    """Taken one by one, the same items would claim too much."""
    rng = np.random.default_rng(10)
    covered = 0
    for _ in range(TRIALS):
        low, high = spread(simulated(400, 7, 0.1, rng)[0]).interval()
        covered += low <= 0.1 <= high
    assert covered / TRIALS < 0.85


def test_a_planted_difference_is_found_as_often_as_the_power_note_says() -> None:
    """With the difference that is `detectable` planted, four runs in five find it; a difference of 0.1 is found as
    often as normal theory has it."""
    rng = np.random.default_rng(11)
    detectable = float(np.mean([spread(*simulated(400, 20, 0.1, rng)).detectable for _ in range(200)]))
    found = sum(spread(*simulated(400, 20, detectable, rng)).p < 0.05 for _ in range(TRIALS))
    assert found / TRIALS == pytest.approx(0.8, abs=0.05)
    small = sum(spread(*simulated(1200, 60, 0.1, rng)).p < 0.05 for _ in range(300))
    assert small / 300 > 0.95


def test_shuffled_labels_show_no_effect() -> None:
    """Which arm is which is drawn anew for every topic: what is left is found as often as chance has it."""
    rng = np.random.default_rng(12)
    found = 0
    for _ in range(TRIALS):
        values, topics = simulated(150, 15, 0.3, rng)
        sides = rng.choice([-1.0, 1.0], size=(1, 15))[:, np.arange(150) % 15]
        found += spread(values * sides, topics).p < 0.05
    assert 0.03 <= found / TRIALS <= 0.07


def test_values_that_are_all_equal_are_not_certain() -> None:
    few, many = (spread(np.ones((1, items))) for items in (3, 300))
    assert few.p == 0.25
    assert many.p < 1e-6
    assert few.interval()[0] < 0.3 < 0.95 < many.interval()[0]
    assert few.interval()[1] == many.interval()[1] == 1
    assert spread(np.zeros((2, 9))).interval() == (0, 0)
    assert spread(np.zeros((2, 9))).p == 1


def test_shares_stay_between_0_and_1_and_are_not_certain_at_the_ends() -> None:
    for value in (0.0, 1.0):
        estimate = share(np.full((1, 40), value))
        assert estimate.ci_high - estimate.ci_low == pytest.approx(4.09 / 44.09, abs=0.01)
        assert 0 <= estimate.ci_low <= value <= estimate.ci_high <= 1
    assert share(np.full((3, 4), 0.5)) == Estimate(0.5, 0.5, 0.5, 4)


def test_topics_count_only_where_there_are_enough_of_them() -> None:
    values = np.random.default_rng(13).random((1, 40))
    assert spread(values, ["a", "b"] * 20).units == 40
    assert spread(values, [None, *"abcde"] * 6 + ["a"] * 4).units == 40
    assert spread(values, list("abcde") * 8).units == 5


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_makes_a_finding_surer_and_keeps_the_order(probabilities: list[float]) -> None:
    corrected = holm(probabilities)
    assert all(p <= q <= 1 for p, q in zip(probabilities, corrected, strict=True))
    order = sorted(range(len(corrected)), key=probabilities.__getitem__)
    assert [corrected[at] for at in order] == sorted(corrected)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
