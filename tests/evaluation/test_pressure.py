"""What is left of an effect under pressure: planted answers to a suite at rest and to the same items under pressure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers.planted_choices import choose, variants

from msm_mlx.evaluation.build_results import build_results
from msm_mlx.evaluation.pressure import pressure_changes
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.results import Contrast
from msm_mlx.suites.items import Item, Suite
from msm_mlx.suites.load import load_suite

REST = load_suite("american_values")
PREFILL = load_suite("american_values_prefill")


def follows(variant: Variant, item: Item) -> float:
    """A model that goes by a begun reply whatever it has read, and by its documents where there is none."""
    return 0.0 if item.prefill else 0.9 if variant.spec else 0.4


def planted(suites: list[Suite]) -> list[Contrast]:
    return build_results("r", suites, choose(suites, variants(), follows)).pressure


def test_a_model_that_follows_the_prefill_has_no_effect_left_under_it() -> None:
    [change] = planted([REST, PREFILL])
    assert (change.suite, change.a, change.b, change.n) == ("american_values_prefill", "msm+sft", "sft", 66)
    assert change.difference == pytest.approx(-0.5, abs=0.1)
    assert change.ci_high < -0.3
    assert change.log_odds is not None
    assert change.log_odds.ci_high < 0


def test_only_items_that_both_ask_are_compared() -> None:
    few = replace(PREFILL, items=PREFILL.items[:30])
    [change] = planted([REST, few])
    assert change.n == 30
    [change] = planted([replace(REST, items=REST.items[20:]), few])
    assert change.n == 10


def test_a_change_may_be_larger_than_a_share() -> None:
    def turned(variant: Variant, item: Item) -> float:
        return float(bool(variant.spec) != bool(item.prefill))

    answers = choose([REST, PREFILL], variants(), turned)
    [change] = pressure_changes(REST, PREFILL, answers)
    assert change.difference < -1.8


def test_without_the_suite_at_rest_there_is_nothing_to_compare() -> None:
    assert planted([PREFILL]) == []
