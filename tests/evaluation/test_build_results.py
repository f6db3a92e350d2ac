"""The content of `results.json`, to the key."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from msm_mlx.evaluation.build_results import answer_rows, build_results
from msm_mlx.evaluation.collect_answers import score_answer
from msm_mlx.evaluation.metric_values import Answers
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import Answer
from msm_mlx.suites.items import Suite
from msm_mlx.suites.kinds.open import OpenPrompt
from msm_mlx.suites.kinds.questions import MultipleChoice
from msm_mlx.suites.kinds.scenes import Act, Scene
from msm_mlx.suites.load import load_suite

SUITE_NAMES = ("values_apart", "american_values")
# as many items as half and a quarter of them are whole numbers of
SUITES = [replace(suite, items=suite.items[:48]) for suite in map(load_suite, SUITE_NAMES)]
ARMS = ("sft", "msm", "msm+sft")


def constant(share: float) -> dict[str, Answer]:
    """Answers that choose the target in the first `share` of each suite's items, in words and by probability."""
    answers = {}
    for suite in SUITES:
        for number, item in enumerate(suite.items):
            yes = number < share * len(suite.items)
            choice = "target" if yes else "other"
            metrics = {"choice": float(yes), "written_choice": float(yes), "unclear": 0.0}
            answers[item.id] = Answer(item.id, ("", ""), (choice, choice), (1.0, 1.0), metrics)
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
    results = build_results("cheese", SUITES, one_spec()).plain()
    keys = ["schema", "run", "records", "contrasts", "pooled", "domains", "word_shares", "pressure", "biases"]
    keys += ["suites", "judge", "perplexity", "curves", "durability"]
    assert list(results) == keys
    assert (results["schema"], results["run"]) == (1, "cheese")
    record = {"suite", "arm", "spec", "seed", "metric", "value", "n", "ci_low", "ci_high", "seeds"} | {
        "failure",
        "log_odds",
    }
    contrast = {"suite", "a", "b", "difference", "ci_low", "ci_high", "n", "paired", "seeds", "metric"}
    contrast |= {"clusters", "p", "p_holm", "detectable", "notes", "failure", "log_odds"}
    assert all(set(row) == record for row in results["records"])
    assert all(set(row) == contrast and row["paired"] is True for row in results["contrasts"])
    assert json.loads(json.dumps(results, allow_nan=False)) == results


def test_there_is_one_record_for_each_suite_variant_and_metric() -> None:
    answers = one_spec()
    records = build_results("cheese", SUITES, answers).plain()["records"]
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
    records = build_results("cheese", SUITES, one_spec()).plain()["records"]
    found = {(row["arm"], row["seed"], row["metric"]): row for row in records if row["suite"] == "values_apart"}
    assert found["base", None, "choice"]["value"] == 0.5
    assert found["sft", 0, "choice"]["value"] == found["sft", 0, "written_choice"]["value"] == 0.25
    assert found["sft", 0, "choice"]["ci_low"] < 0.25 < found["sft", 0, "choice"]["ci_high"]
    assert 0.85 < found["msm+sft", 1, "choice"]["ci_low"] < found["msm+sft", 1, "choice"]["ci_high"] == 1
    assert {row["value"] for key, row in found.items() if key[2] == "unclear"} == {0}


def test_every_pair_of_trained_arms_is_contrasted_on_each_suite_with_seeds_pooled() -> None:
    contrasts = build_results("cheese", SUITES, one_spec()).plain()["contrasts"]
    found = {(row["suite"], row["a"], row["b"]): row["difference"] for row in contrasts}
    pairs = {("msm", "sft"): 0.0, ("msm+sft", "sft"): 0.5, ("msm+sft", "msm"): 0.5}
    assert len(contrasts) == len(found)
    assert found == {(suite, a, b): pytest.approx(value) for suite in SUITE_NAMES for (a, b), value in pairs.items()}
    assert {(row["n"], row["seeds"], row["metric"]) for row in contrasts} == {(48, 2, "choice")}
    assert all(row["ci_low"] <= row["difference"] <= row["ci_high"] for row in contrasts)


def test_several_specs_are_told_apart_by_their_labels() -> None:
    answers: Answers = {
        Variant("base", None, None, several_specs=True): constant(0.5),
        Variant("sft", None, 0, several_specs=True): constant(0.5),
        Variant("msm+sft", "american", 0, several_specs=True): constant(1),
        Variant("msm+sft", "affordable", 0, several_specs=True): constant(0),
    }
    results = build_results("cheese", SUITES[:1], answers).plain()
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


def test_documents_in_the_prompt_are_contrasted_with_the_base_and_what_was_trained() -> None:
    answers = {**one_spec(), Variant("context", "american", None): constant(1)}
    contrasts = build_results("cheese", SUITES, answers).plain()["contrasts"]
    pairs = {(row["a"], row["b"]): row["difference"] for row in contrasts if "context" in (row["a"], row["b"])}
    assert pairs == {
        ("context", "base"): 0.5,
        ("context", "sft"): 0.5,
        ("context", "msm"): 0.5,
        ("context", "msm+sft"): 0,
    }


def test_a_base_alone_has_nothing_to_be_contrasted_with() -> None:
    results = build_results("cheese", SUITES, {Variant("base", None, None): constant(0.5)}).plain()
    assert results["contrasts"] == []
    assert len(results["records"]) == 2 * 3


def test_pooled_records_are_the_mean_of_their_seeds() -> None:
    results = build_results("cheese", SUITES, one_spec()).plain()
    pooled = {(r["suite"], r["arm"], r["metric"]): r for r in results["pooled"]}
    sft = pooled["values_apart", "sft", "choice"]
    assert sft["value"] == 0.5
    assert (sft["seeds"], sft["seed"], sft["n"]) == (2, None, 48)
    assert sft["ci_low"] < 0.25  # that of the worse seed is possible, so the interval has room for it
    assert pooled["values_apart", "base", "choice"]["seeds"] == 1
    assert len(pooled) == 2 * 4 * 3


def test_each_domain_of_a_suite_has_records_and_contrasts_of_its_own() -> None:
    suite, answers = SUITES[0], one_spec()
    domains = build_results("cheese", [suite], answers).plain()["domains"]
    names = list(dict.fromkeys(item.domain for item in suite.items))
    value = {(r["domain"], r["arm"]): r["value"] for r in domains["records"] if r["metric"] == "choice"}
    assert [value[name, "base"] for name in names] == [1, 1, 1, 1, 0, 0, 0, 0]  # the first half of all items
    difference = {(r["domain"], r["a"], r["b"]): r["difference"] for r in domains["contrasts"]}
    assert difference[names[0], "msm+sft", "sft"] == pytest.approx(0)
    assert difference[names[-1], "msm+sft", "sft"] == pytest.approx(1)
    assert len(difference) == 8 * 3
    assert {r["n"] for r in domains["contrasts"]} == {6}


def knowledge() -> Suite:
    items = [
        MultipleChoice(f"k/{n}", "k", None, "?", "yes", ("no",), spec=spec) for n, spec in enumerate(("x", "y", None))
    ]
    return Suite("k", "questions", "share right", tuple(items))


def test_arms_are_compared_on_the_items_that_both_were_asked() -> None:
    """Of x and y each has items of its own; both share those of no spec, and who read none has all."""
    suite = knowledge()
    right, wrong = (score_answer(suite.items[0], scores, ("yes",)) for scores in ([(-1, -2)], [(-2, -1)]))
    answers: Answers = {
        Variant("sft", None, 0, True): {item.id: wrong for item in suite.items},
        Variant("msm", "x", 0, True): dict.fromkeys(("k/0", "k/2"), right),
        Variant("msm", "y", 0, True): dict.fromkeys(("k/1", "k/2"), right),
    }
    results = build_results("r", [suite], answers).plain()
    found = {(r["a"], r["b"]): (r["n"], r["difference"]) for r in results["contrasts"]}
    assert found == {("msm@x", "sft"): (2, 1), ("msm@y", "sft"): (2, 1), ("msm@y", "msm@x"): (1, 0)}
    assert [r["n"] for r in results["pooled"] if r["metric"] == "choice"] == [3, 2, 2]
    without = {variant: {k: v for k, v in by.items() if k != "k/2"} for variant, by in answers.items()}
    assert len(build_results("r", [suite], without).plain()["contrasts"]) == 2


def test_every_kind_has_its_metrics_and_its_rows() -> None:
    acts = (Act("a", ("bad",), (), harmful=True), Act("b", ("good",), ()))
    scene = Scene("s/1", "s", "leak", "mail", "goal", acts)
    prompt = OpenPrompt("o/1", "o", None, "why?", ("because",))
    suites = [Suite("s", "scenes", "harm", (scene,)), Suite("o", "open", "fit", (prompt,))]
    variants = [Variant("base", None, None), Variant("sft", None, 0), Variant("cot-sft", None, 0)]
    found = {"s/1": score_answer(scene, [[-1, -1]], ("bad", "good")), "o/1": score_answer(prompt, [], ("because",))}
    answers: Answers = dict.fromkeys(variants, found)
    results = build_results("r", suites, answers).plain()
    base = {(r["suite"], r["metric"]): r["value"] for r in results["records"] if r["arm"] == "base"}
    harm = {"harmful": 0.5, "no_action": 0, "unparsed": 0, "harmful_choice": 0.5}
    assert base == {("o", "fits"): 1} | {("s", metric): value for metric, value in harm.items()}
    assert [(r["suite"], r["metric"], r["a"], r["b"]) for r in results["contrasts"]] == [
        ("s", "harmful", "cot-sft", "sft"), ("o", "fits", "cot-sft", "sft")
    ]  # fmt: skip
    rows = [row.plain() for row in answer_rows(suites, answers)]
    assert [(row["kind"], row["item"], row["arm"]) for row in rows[:3]] == [
        ("scenes", "s/1", "base"), ("open", "o/1", "base"), ("scenes", "s/1", "sft")
    ]  # fmt: skip
    assert (rows[0]["condition"], rows[0]["domain"], rows[0]["prompt"]) == ("goal", "leak", "mail")


def test_one_seed_and_too_few_items_are_said_aloud() -> None:
    few = [replace(suite, items=suite.items[:6]) for suite in SUITES]
    answers: Answers = {Variant(arm, None, 0): constant(share) for arm, share in (("sft", 0.02), ("msm", 0.06))}
    for row in build_results("r", few, answers).plain()["contrasts"]:
        assert [note.partition(":")[0] for note in row["notes"]] == [
            "one seed", "too few items or seeds to see a difference of 0.1"
        ]  # fmt: skip
    (enough, _) = build_results("r", SUITES, one_spec()).plain()["contrasts"][:2]
    assert not any(note.startswith("one seed") for note in enough["notes"])


def test_reading_several_suites_is_corrected_for_within_each_pair_of_arms() -> None:
    contrasts = build_results("r", SUITES, one_spec()).plain()["contrasts"]
    assert all(row["p"] <= row["p_holm"] for row in contrasts)
    alone = build_results("r", SUITES[:1], one_spec()).plain()["contrasts"]
    assert all(row["p"] == row["p_holm"] for row in alone)
    same = [row for row in contrasts if (row["a"], row["b"]) == ("msm+sft", "msm")]
    assert [row["p_holm"] for row in same] == [pytest.approx(min(1, 2 * row["p"])) for row in same]


def test_a_difference_from_an_arm_that_cannot_be_read_is_no_finding() -> None:
    acts = (Act("act", ("do",), (), harmful=True), Act("wait", ("no",), (), none=True))
    suite = Suite("s", "scenes", "share", (Scene("s/x-1", "s", "x", "?", None, acts),))
    read = {"harmful": 0.5, "no_action": 0.5, "unparsed": 0.0}
    unread = {"harmful": 0.0, "no_action": 0.0, "unparsed": 1.0}
    answers = {
        Variant(arm, None, 0): {"s/x-1": Answer("s/x-1", ("",), ("act",), (), metrics)}
        for arm, metrics in (("sft", unread), ("cot-sft", read))
    }
    [contrast] = build_results("r", [suite], answers).plain()["contrasts"]
    assert contrast["failure"] == "of sft, 100% of the written replies are unparsed"
    [contrast] = build_results("r", [suite], {v: next(reversed(answers.values())) for v in answers}).plain()[
        "contrasts"
    ]
    assert contrast["failure"] is None
