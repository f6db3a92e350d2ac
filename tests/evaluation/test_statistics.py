"""Intervals that cover what they should, over seeds and items."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.evaluation.statistics import ClusteredMean, clustered_mean, estimate_share, holm, paired_differences
from msm_mlx.runs.estimate import Estimate


def paired(a: np.ndarray, b: np.ndarray) -> ClusteredMean:
    return clustered_mean(paired_differences(a, b))


def test_a_difference_is_paired_by_item() -> None:
    """Items differ widely, and `a` is 0.1 above `b` on every one: paired, there is no doubt about it."""
    b = np.random.default_rng(0).normal(size=(1, 40)) * 10
    found = paired(b + 0.1, b)
    assert found.mean == pytest.approx(0.1)
    assert found.standard_error < 1e-9
    assert found.clusters == 40


def test_seeds_are_paired_where_there_are_equally_many() -> None:
    """Seeds differ widely, and `a` is 0.1 above `b` with every one: paired, there is no doubt about it."""
    b = np.array([[0.0], [5.0], [9.0]]) + np.zeros((3, 8))
    assert paired(b + 0.1, b).standard_error < 1e-9
    assert paired(b[:2] + 0.1, b).mean == pytest.approx(2.6 - 14 / 3)


def test_seeds_that_differ_widen_the_interval_and_seeds_that_agree_do_not() -> None:
    items = np.random.default_rng(4).random(50)
    agreeing, differing = np.tile(items, (5, 1)), items + np.linspace(-0.5, 0.5, 5)[:, None]
    one, same, wide = map(clustered_mean, (items[None], agreeing, differing))
    assert same.standard_error == pytest.approx(one.standard_error)
    assert wide.mean == pytest.approx(same.mean)
    assert wide.standard_error > 3 * same.standard_error


def test_the_variance_is_the_sum_of_what_seeds_and_items_contribute() -> None:
    """Additive effects of 40 seeds and 60 items."""
    rng = np.random.default_rng(5)
    seeds, items = rng.normal(size=(40, 1)), rng.normal(size=(1, 60)) * 2
    expected = math.sqrt(seeds.var(ddof=1) / 40 + items.var(ddof=1) / 60)
    assert clustered_mean(seeds + items).standard_error == pytest.approx(expected)


def test_no_values_give_no_answer() -> None:
    empty = estimate_share(np.zeros((1, 0)))
    assert empty.n == 0
    assert math.isnan(empty.value)


TRIALS = 2000


def simulated(
    items: int, domains: int, difference: float, rng: np.random.Generator, seeds: int = 1
) -> tuple[np.ndarray, list[str]]:
    """Differences of two arms' choices, in {-1, 0, 1}: items of a domain lean together, as do those of a seed."""
    lean = rng.normal(size=(1, domains))[:, np.arange(items) % domains] * 0.1
    own = rng.normal(size=(seeds, 1)) * (0.05 if seeds > 1 else 0)
    base = np.full((seeds, items), 0.45)
    a = rng.random((seeds, items)) < base + difference + lean + own
    b = rng.random((seeds, items)) < base
    return a.astype(float) - b, [f"domain {at % domains}" for at in range(items)]


@pytest.mark.slow
@pytest.mark.parametrize("items", [50, 150, 400])
@pytest.mark.parametrize("domains", [7, 21])
def test_intervals_of_differences_on_clustered_items_cover_the_truth(items: int, domains: int) -> None:
    rng = np.random.default_rng(items + domains)
    covered = 0
    for _ in range(TRIALS):
        low, high = clustered_mean(*simulated(items, domains, 0.1, rng)).interval()
        covered += low <= 0.1 <= high
    assert 0.93 <= covered / TRIALS <= 0.97


@pytest.mark.parametrize("items", [50, 150, 400])
def test_intervals_of_shares_cover_the_truth(items: int) -> None:
    rng = np.random.default_rng(items)
    covered = 0
    for trial in range(TRIALS):
        truth = (0.2, 0.5, 0.7, 0.9)[trial % 4]
        estimate = estimate_share((rng.random((1, items)) < truth).astype(float))
        covered += estimate.ci_low <= truth <= estimate.ci_high
    assert 0.93 <= covered / TRIALS <= 0.97


def test_intervals_over_seeds_that_differ_cover_the_truth() -> None:
    rng = np.random.default_rng(9)
    covered = 0
    for _ in range(TRIALS):
        low, high = clustered_mean(*simulated(150, 10, 0.1, rng, seeds=5)).interval()
        covered += low <= 0.1 <= high
    assert 0.93 <= covered / TRIALS <= 0.97


def test_items_that_go_by_domain_need_to_be_clustered() -> None:
    """Taken one by one, the same items would claim too much."""
    rng = np.random.default_rng(10)
    covered = 0
    for _ in range(TRIALS):
        low, high = clustered_mean(simulated(400, 7, 0.1, rng)[0]).interval()
        covered += low <= 0.1 <= high
    assert covered / TRIALS < 0.85


@pytest.mark.slow
def test_a_planted_difference_is_found_as_often_as_the_power_note_says() -> None:
    """With the difference that is `detectable` planted, four runs in five find it; a difference of 0.1 is found as
    often as normal theory has it."""
    rng = np.random.default_rng(11)
    detectable = float(np.mean([clustered_mean(*simulated(400, 20, 0.1, rng)).detectable for _ in range(200)]))
    found = sum(clustered_mean(*simulated(400, 20, detectable, rng)).p < 0.05 for _ in range(TRIALS))
    assert found / TRIALS == pytest.approx(0.8, abs=0.05)
    small = sum(clustered_mean(*simulated(1200, 60, 0.1, rng)).p < 0.05 for _ in range(300))
    assert small / 300 > 0.95


def test_shuffled_labels_show_no_effect() -> None:
    """Which arm is which is drawn anew for every domain: what is left is found as often as chance has it."""
    rng = np.random.default_rng(12)
    found = 0
    for _ in range(TRIALS):
        values, domains = simulated(150, 15, 0.3, rng)
        sides = rng.choice([-1.0, 1.0], size=(1, 15))[:, np.arange(150) % 15]
        found += clustered_mean(values * sides, domains).p < 0.05
    assert 0.03 <= found / TRIALS <= 0.07


def test_values_that_are_all_equal_are_not_certain() -> None:
    few, many = (clustered_mean(np.ones((1, items))) for items in (3, 300))
    assert few.p == 0.25
    assert many.p < 1e-6
    assert few.interval()[0] < 0.3 < 0.95 < many.interval()[0]
    assert few.interval()[1] == many.interval()[1] == 1
    assert clustered_mean(np.zeros((2, 9))).interval() == (0, 0), "nothing is known of how far values can go"
    low, high = clustered_mean(np.zeros((2, 300))).interval(limit=1.0)
    assert -0.02 < low < 0 < high < 0.02
    assert clustered_mean(np.zeros((2, 9))).p == 1


def test_shares_stay_between_0_and_1_and_are_not_certain_at_the_ends() -> None:
    for value in (0.0, 1.0):
        estimate = estimate_share(np.full((1, 40), value))
        assert estimate.ci_high - estimate.ci_low == pytest.approx(4.09 / 44.09, abs=0.01)
        assert 0 <= estimate.ci_low <= value <= estimate.ci_high <= 1
    assert estimate_share(np.full((3, 4), 0.5)) == Estimate(0.5, 0.5, 0.5, 4)


def test_domains_count_only_where_there_are_enough_of_them() -> None:
    values = np.random.default_rng(13).random((1, 40))
    assert clustered_mean(values, ["a", "b"] * 20).clusters == 40
    assert clustered_mean(values, [None, *"abcde"] * 6 + ["a"] * 4).clusters == 40
    assert clustered_mean(values, list("abcde") * 8).clusters == 5


@settings(max_examples=50, derandomize=True)
@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_makes_a_finding_surer_and_keeps_the_order(probabilities: list[float]) -> None:
    corrected = holm(probabilities)
    assert all(p <= q <= 1 for p, q in zip(probabilities, corrected, strict=True))
    order = sorted(range(len(corrected)), key=probabilities.__getitem__)
    assert [corrected[at] for at in order] == sorted(corrected)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


# By name, seeds, items and domains: the mean, standard error, number of clusters, p value, minimum detectable effect
# and interval of the values, and the share of those above 0 with its interval.
FIGURES = {
    ("one seed", 1, 30, 0): (
        -0.16666666666666666, 0.12760691558146275, 30,
        0.20178586998487963, 0.36998625092112114, -0.4276521129549997, 0.09431877962166643,
        0.16666666666666666, 0.06985643197758828, 0.34751529030376627,
    ),
    ("three seeds", 3, 40, 0): (
        0.09166666666666666, 0.16623341122814936, 40,
        0.6366102354090727, 0.8905326297512463, -0.6226354992897669, 0.8059688326231003,
        0.3, 0.0748153228740423, 0.694315922074453,
    ),
    ("clusters", 1, 60, 6): (
        0.016666666666666666, 0.07031674369909661, 6,
        0.8220441884436617, 0.24541426840928468, -0.16408827742732537, 0.1974216107606587,
        0.2833333333333333, 0.15822636347342442, 0.45400810194357766,
    ),
    ("seeds and clusters", 4, 60, 12): (
        0.07083333333333333, 0.14891113450692794, 12,
        0.6667929815994837, 0.6195756447686701, -0.4030398764941773, 0.544706543160844,
        0.25416666666666665, 0.09464472809695662, 0.5262691328777911,
    ),
    ("too few clusters", 2, 20, 3): (
        0.1, 0.35, 20,
        0.8228289344341906, 4.928905329826053, -4.347171657661143, 4.547171657661142,
        0.325, 0.0045763631553832895, 0.9805542375583123,
    ),
}  # fmt: skip


def test_figures_are_those_that_were_checked() -> None:
    rng = np.random.default_rng(2026)
    for (name, seeds, items, domains), expected in FIGURES.items():
        lean = rng.normal(size=(seeds, 1)) * 0.2
        above = (rng.random((seeds, items)) + lean > 0.4).astype(float)
        values = above - (rng.random((seeds, items)) > 0.5)
        clusters = [f"c{item % domains}" for item in range(items)] if domains else []
        mean = clustered_mean(values, clusters)
        share = estimate_share((values > 0).astype(float), clusters)
        figures = (
            mean.mean, mean.standard_error, mean.clusters, mean.p, mean.detectable,
            *mean.interval(), share.value, share.ci_low, share.ci_high,
        )  # fmt: skip
        assert figures == pytest.approx(expected, rel=1e-12), name
