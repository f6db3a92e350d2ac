"""The contrasts that answer what a recipe asks are known by the paths of the arms, whatever their stages are called."""

from __future__ import annotations

import pytest

from msm_mlx.recipe.contrasts import is_asked, is_headline, is_own_control, is_own_order, is_stand_in, rank

STAND_INS = {"plain", "other"}


@pytest.mark.parametrize(
    ("a", "b", "headline"),
    [
        ("msm+sft", "sft", True),
        ("msm+sft@x", "sft", True),
        ("msm+sft@x", "msm+sft@y", True),
        ("sft+msm", "sft", True),
        ("msm+sft+after", "sft+after", True),
        ("msm+it", "it", True),
        ("msm+sft+after", "sft", False),
        ("msm+sft", "cot-sft", False),
        ("msm+sft", "control+sft", False),
        ("control+sft", "sft", False),
        ("msm@x", "msm@y", False),
        ("msm", "sft", False),
    ],
)
def test_a_headline_tells_what_documents_do_to_the_same_chats(a: str, b: str, headline: bool) -> None:
    assert is_headline(a, b) == headline


@pytest.mark.parametrize(
    ("a", "b", "control"),
    [
        ("msm+sft", "control+sft", True),
        ("msm+sft@x", "control+sft@x", True),
        ("msm+sft@x", "control+sft@y", False),
        ("msm+after", "control+after", True),
        ("msm+sft@x", "msm+it@x", True),
        ("msm+it", "it", False),
        ("msm+it", "msm+sft", False),
        ("sft", "sft", False),
    ],
)
def test_a_control_is_the_arms_own_where_one_thing_differs(a: str, b: str, control: bool) -> None:
    assert is_own_control(a, b) == control


@pytest.mark.parametrize(
    ("a", "b", "stand_in"),
    [
        ("msm+sft@x", "plain+sft", True),
        ("msm@x", "plain", True),
        ("msm+sft", "control+sft", False),
        ("msm+sft", "msm+after", False),
        ("msm+sft", "plain", False),
        ("plain+sft", "other+sft", False),
        ("msm", "released", False),
        ("msm+sft", "polite+sft", False),
    ],
)
def test_a_declared_stage_can_stand_in_for_the_documents(a: str, b: str, stand_in: bool) -> None:
    assert is_stand_in(a, b, STAND_INS) == is_asked(a, b, STAND_INS) == stand_in or is_own_control(a, b)


@pytest.mark.parametrize(
    ("a", "b", "order"),
    [
        ("sft+msm", "msm+sft", True),
        ("msm+sft@x", "sft+msm@x", True),
        ("msm+sft@x", "sft+msm@y", False),
        ("sft+it", "it+sft", False),
        ("msm+sft", "msm+it", False),
    ],
)
def test_the_same_training_in_another_order_is_asked_about(a: str, b: str, order: bool) -> None:
    assert is_own_order(a, b) == order
    assert is_asked(a, b, STAND_INS) or not order


def test_contrasts_that_the_recipe_asks_about_come_first() -> None:
    pairs = [
        ("msm@x", "sft"),
        ("msm@x", "msm@y"),
        ("msm+sft@x", "sft"),
        ("msm+sft@x", "control+sft@x"),
        ("control+sft@x", "control+sft@y"),
        ("msm+sft@x", "msm+sft@y"),
    ]
    ordered = sorted(pairs, key=lambda pair: rank(pair[0], pair[1], STAND_INS))
    assert ordered[:4] == [
        ("msm+sft@x", "msm+sft@y"),
        ("msm+sft@x", "control+sft@x"),
        ("msm+sft@x", "sft"),
        ("msm@x", "msm@y"),
    ]
    assert [is_asked(*pair, STAND_INS) for pair in ordered] == [True] * 4 + [False] * 2
