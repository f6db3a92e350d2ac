"""The content of `results.json`, to the key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from msm_mlx.evals.answers import Answer
from msm_mlx.evals.results import Answers, build_results
from msm_mlx.evals.suites import load_suite
from msm_mlx.variants import Variant

SUITE_NAMES = ("values_apart", "american_values")
SUITES = [load_suite(name) for name in SUITE_NAMES]
ARMS = ("sft", "msm", "msm+sft")


def constant(share: float) -> dict[str, Answer]:
    """Answers that choose the target in the first `share` of each suite's items, in words and by probability."""
    answers = {}
    for suite in SUITES:
        for number, item in enumerate(suite.items):
            yes = number < share * len(suite.items)
            choice: Any = "target" if yes else "other"
            answers[item.id] = Answer(item.id, (1.0, 1.0) if yes else (-1.0, -1.0), ("", ""), (choice, choice))
    return answers


def one_spec() -> Answers:
    shares = {
        ("sft", 0): 0.25,
        ("sft", 1): 0.75,
        ("msm", 0): 0.5,
        ("msm", 1): 0.5,
        ("msm+sft", 0): 1,
        ("msm+sft", 1): 1,
    }
    trained = {
        Variant(arm, None if arm == "sft" else "american", seed): constant(share)
        for (arm, seed), share in shares.items()
    }
    return {Variant("base", None, None): constant(0.5)} | trained


def test_the_keys_are_exactly_those_of_the_schema() -> None:
    results = build_results("cheese", SUITES, one_spec(), 50)
    assert list(results) == ["schema", "run", "records", "contrasts"]
    assert (results["schema"], results["run"]) == (1, "cheese")
    record = {"suite", "arm", "spec", "seed", "metric", "value", "n", "ci_low", "ci_high"}
    contrast = {"suite", "a", "b", "difference", "ci_low", "ci_high", "n", "paired"}
    assert all(set(row) == record for row in results["records"])
    assert all(set(row) == contrast and row["paired"] is True for row in results["contrasts"])
    assert json.loads(json.dumps(results, allow_nan=False)) == results


def test_there_is_one_record_for_each_suite_variant_and_metric() -> None:
    answers = one_spec()
    records = build_results("cheese", SUITES, answers, 50)["records"]
    keys = [(row["suite"], row["arm"], row["spec"], row["seed"], row["metric"]) for row in records]
    expected = {
        (suite, variant.arm, variant.spec, variant.seed, metric)
        for suite in SUITE_NAMES
        for variant in answers
        for metric in ("choice", "written_choice", "unclear")
    }
    assert len(keys) == len(set(keys))
    assert set(keys) == expected
    assert {row["n"] for row in records} == {48}


def test_records_say_what_was_chosen() -> None:
    records = build_results("cheese", SUITES, one_spec(), 200)["records"]
    found = {(row["arm"], row["seed"], row["metric"]): row for row in records if row["suite"] == "values_apart"}
    assert found["base", None, "choice"]["value"] == 0.5
    assert found["sft", 0, "choice"]["value"] == found["sft", 0, "written_choice"]["value"] == 0.25
    assert found["sft", 0, "choice"]["ci_low"] < 0.25 < found["sft", 0, "choice"]["ci_high"]
    assert found["msm+sft", 1, "choice"]["ci_low"] == found["msm+sft", 1, "choice"]["ci_high"] == 1
    assert {row["value"] for key, row in found.items() if key[2] == "unclear"} == {0}


def test_every_pair_of_trained_arms_is_contrasted_on_each_suite_with_seeds_pooled() -> None:
    contrasts = build_results("cheese", SUITES, one_spec(), 200)["contrasts"]
    found = {(row["suite"], row["a"], row["b"]): row["difference"] for row in contrasts}
    pairs = {("msm", "sft"): 0.0, ("msm+sft", "sft"): 0.5, ("msm+sft", "msm"): 0.5}
    assert len(contrasts) == len(found)
    assert found == {(suite, a, b): pytest.approx(value) for suite in SUITE_NAMES for (a, b), value in pairs.items()}
    assert {row["n"] for row in contrasts} == {48}
    assert all(row["ci_low"] <= row["difference"] <= row["ci_high"] for row in contrasts)


def test_several_specs_are_told_apart_by_their_labels() -> None:
    answers: Answers = {
        Variant("base", None, None, several_specs=True): constant(0.5),
        Variant("sft", None, 0, several_specs=True): constant(0.5),
        Variant("msm+sft", "american", 0, several_specs=True): constant(1),
        Variant("msm+sft", "affordable", 0, several_specs=True): constant(0),
    }
    results = build_results("cheese", SUITES[:1], answers, 50)
    pairs = {(row["a"], row["b"]): row["difference"] for row in results["contrasts"]}
    assert pairs == {
        ("msm+sft@american", "sft"): 0.5,
        ("msm+sft@affordable", "sft"): -0.5,
        ("msm+sft@affordable", "msm+sft@american"): -1,
    }
    assert {(row["arm"], row["spec"]) for row in results["records"]} == {
        ("base", None),
        ("sft", None),
        ("msm+sft", "american"),
        ("msm+sft", "affordable"),
    }


@pytest.mark.parametrize(
    ("variant", "label", "name"),
    [
        (Variant("base", None, None), "base", "base"),
        (Variant("sft", None, 3, True), "sft", "sft-s3"),
        (Variant("msm+sft", "american", 0), "msm+sft", "msm+sft-s0"),
        (Variant("msm+sft", "american", 0, True), "msm+sft@american", "msm+sft@american-s0"),
    ],
)
def test_labels_name_the_spec_only_where_there_are_several(variant: Variant, label: str, name: str) -> None:
    assert (variant.label, variant.id) == (label, name)


def test_a_base_alone_has_nothing_to_be_contrasted_with() -> None:
    results = build_results("cheese", SUITES, {Variant("base", None, None): constant(0.5)}, 50)
    assert results["contrasts"] == []
    assert len(results["records"]) == 2 * 3
