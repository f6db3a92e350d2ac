"""Arms as paths: what they come in, what they share, and what is no path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.recipe.arms import (
    BUILT_IN,
    CONTEXT,
    Variant,
    arm_problem,
    control_of,
    controls_of,
    list_variants,
    path_of,
    reads_spec,
    shows_behaviour,
    sort_arms,
    training_order,
    without_documents,
)

NAMES = [*(BUILT_IN.keys() - {CONTEXT}), "after", "later"]
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True).map("+".join)


def test_arms_come_in_the_order_of_what_they_have_seen() -> None:
    arms = ["msm+sft", "sft+msm", "control+sft", "msm", "cot-sft", "sft", "it", "base", "msm+sft+after"]
    assert sort_arms(arms) == [
        "base", "it", "sft", "cot-sft", "msm", "sft+msm", "control+sft", "msm+sft", "msm+sft+after"
    ]  # fmt: skip


def test_only_arms_that_read_a_spec_come_once_for_each() -> None:
    variants = list_variants(["base", "sft", "msm+sft"], ["a", "b"], [0, 1])
    assert [variant.id for variant in variants] == [
        "base", "sft-s0", "sft-s1", "msm+sft@a-s0", "msm+sft@a-s1", "msm+sft@b-s0", "msm+sft@b-s1"
    ]  # fmt: skip


def test_what_arms_begin_with_is_trained_once() -> None:
    variants = list_variants(["msm", "msm+sft", "msm+it", "sft+msm"], ["a", "b"], [0])
    order = [variant.id for variant in training_order(variants)]
    assert order == [
        "sft-s0", "msm@a-s0", "msm@b-s0", "sft+msm@a-s0", "sft+msm@b-s0", "msm+it@a-s0", "msm+it@b-s0",
        "msm+sft@a-s0", "msm+sft@b-s0",
    ]  # fmt: skip


@given(st.lists(PATHS, min_size=1, max_size=4, unique=True), st.lists(st.integers(0, 5), min_size=1, unique=True))
def test_every_start_is_trained_before_what_goes_on_from_it(arms: list[str], seeds: list[int]) -> None:
    order = training_order(list_variants(arms, ["a", "b"], seeds))
    assert len(set(order)) == len(order)
    for number, variant in enumerate(order):
        assert variant.start is None or order.index(variant.start) < number
    assert {variant.arm for variant in order} >= set(arms)


def test_a_start_without_a_spec_is_shared_by_the_specs() -> None:
    starts = {variant.start for variant in list_variants(["sft+msm"], ["a", "b"], [0])}
    assert starts == {Variant("sft", None, 0, True)}
    assert Variant("sft", None, 0, True).start is None


def test_documents_in_the_prompt_take_no_training() -> None:
    variants = list_variants(["context", "sft+context"], ["a", "b"], [0, 1])
    assert [variant.id for variant in variants] == [
        "context@a", "context@b", "sft+context@a-s0", "sft+context@a-s1", "sft+context@b-s0", "sft+context@b-s1"
    ]  # fmt: skip
    assert [variant.id for variant in training_order(variants)] == ["sft-s0", "sft-s1"]
    assert {variant.trained and variant.trained.id for variant in variants} == {None, "sft-s0", "sft-s1"}


@pytest.mark.parametrize(
    ("arm", "controls"),
    [
        ("msm", ["control", "opposite", "negated", "chats", "context"]),
        ("msm+sft", ["control+sft", "opposite+sft", "negated+sft", "chats+sft", "sft+context", "msm+it"]),
        ("msm+it", ["control+it", "opposite+it", "negated+it", "chats+it", "it+context"]),
        ("sft", []),
        ("opposite+sft", []),
    ],
)
def test_an_arm_with_documents_has_what_tells_what_they_do(arm: str, controls: list[str]) -> None:
    assert controls_of(arm) == controls


def test_base_is_the_empty_path() -> None:
    assert path_of("base") == ()
    assert not reads_spec("base")
    assert not shows_behaviour("base")


@pytest.mark.parametrize(
    ("arm", "problem"),
    [
        ("mms", "(did you mean msm?)"),
        ("bse", "(did you mean base?)"),
        ("msm+stf", "(did you mean sft?)"),
        ("base+sft", "leave `base` out"),
        ("sft+sft", "has a stage twice"),
        ("context+sft", "`context` trains nothing, it puts the documents into the prompt; name it last"),
        ("msm+", "'msm+' needs the name of a training stage on both sides of each +"),
        (
            "later",
            "an arm is `base`, or it, sft, cot-sft, control, opposite, negated, chats, context, msm, after joined by +",
        ),
    ],
)
def test_what_is_no_path_is_told(arm: str, problem: str) -> None:
    assert problem in (arm_problem(arm, ["after"]) or "")


@given(PATHS)
def test_every_path_of_known_stages_is_an_arm(arm: str) -> None:
    assert arm_problem(arm, ["after", "later"]) is None


@pytest.mark.parametrize(
    ("arm", "alone", "control"),
    [
        ("base", "base", "base"),
        ("sft", "sft", "sft"),
        ("msm", "base", "control"),
        ("msm+sft", "sft", "control+sft"),
        ("sft+msm", "sft", "sft+control"),
        ("msm+it", "it", "control+it"),
        ("msm+after+sft", "after+sft", "control+after+sft"),
        ("control+sft", "sft", "control+sft"),
    ],
)
def test_every_path_has_the_same_without_documents_and_without_their_reasons(
    arm: str, alone: str, control: str
) -> None:
    assert (without_documents(arm), control_of(arm)) == (alone, control)
