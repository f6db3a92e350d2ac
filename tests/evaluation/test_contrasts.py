"""Differences between two arms: which pairs there are, and what is said of each."""

from __future__ import annotations

import pytest
from helpers.planted_choices import choose, variants

from msm_mlx.evaluation.contrasts import arm_pairs, contrast_on, correct
from msm_mlx.recipe.arms import Variant
from msm_mlx.suites.items import Suite
from msm_mlx.suites.load import load_suite

SUITE = load_suite("american_values")
ARMS = (("sft", None), ("msm", "x"), ("context", "x"), ("control+sft", "x"), ("msm+sft", "x"))


def test_arms_are_compared_with_what_has_seen_less_and_first_as_the_recipe_asks() -> None:
    answers = choose([SUITE], [Variant("base", None, None), *variants(ARMS, seeds=1)], lambda variant, item: 0.5)
    pairs = [(pair.a, pair.b) for pair in arm_pairs(answers)]
    assert pairs[:2] == [("msm+sft", "control+sft"), ("msm+sft", "sft")]
    assert ("context", "base") in pairs
    assert ("msm+sft", "base") not in pairs


def test_a_contrast_is_of_the_items_that_both_have_answered() -> None:
    answers = choose([SUITE], variants(seeds=2), lambda variant, item: 1.0 if variant.spec else 0.0)
    [pair] = arm_pairs(answers)
    items = SUITE.items[:9]
    row = contrast_on(SUITE, items, pair)
    assert row is not None
    assert (row.n, row.seeds) == (9, 2)
    assert row.difference == pytest.approx(1.0, abs=0.12)
    assert row.log_odds is not None
    assert row.log_odds.value == pytest.approx(4.0, abs=0.5)
    assert contrast_on(SUITE, (), pair) is None


def test_p_values_are_corrected_over_the_suites_of_the_same_arms() -> None:
    other = Suite("other", "pairs", "share", SUITE.items)
    [pair] = arm_pairs(choose([SUITE], variants(), lambda variant, item: 0.6 if variant.spec else 0.5))
    rows = [row for suite in (SUITE, other) if (row := contrast_on(suite, suite.items, pair))]
    assert [row.p_holm for row in correct(rows)] == [min(1.0, 2 * row.p) for row in rows]
