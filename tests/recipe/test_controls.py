"""What each arm is a control for, by its path alone."""

from __future__ import annotations

from msm_mlx.recipe.controls import arm_roles, sort_labels

CONTROLS = {
    "sft": "msm+sft, for the documents: none",
    "plain+sft": "msm+sft, for what they say: other texts in their place",
    "control+sft": "msm+sft, for the reasons: documents that give none",
    "opposite+sft": "msm+sft, for the direction: documents with their attitudes turned",
    "negated+sft": "msm+sft, for the assertion: documents that are denied",
    "chats+sft": "msm+sft, for the form: the documents as chats",
    "sft+context": "msm+sft, for the training: documents in the prompt alone",
    "msm": "msm+sft, for the demonstrations: none",
    "msm+it": "msm+sft, for the demonstrations: general chats in their place",
    "sft+msm": "msm+sft, for the order: the same the other way round",
    "it": "msm+sft, for all but general chats: these alone",
    "base": "msm+sft, for all training: none",
}


def lines(*arms: str) -> dict[str, str]:
    return {role.arm: role.line for role in arm_roles(arms, {"plain"})}


def test_every_control_stands_behind_the_arm_that_it_is_for() -> None:
    found = lines(*sorted([*CONTROLS, "msm+sft"]))
    assert found == {"msm+sft": ""} | CONTROLS
    assert list(found)[:2] == ["msm+sft", "sft"]
    assert list(found)[-1] == "base"


def test_what_a_control_leaves_out_may_have_controls_of_its_own() -> None:
    found = lines("base", "context", "msm", "sft", "msm+sft")
    assert list(found) == ["msm+sft", "sft", "msm", "context", "base"]
    assert found["context"] == "msm, for the training: documents in the prompt alone"


def test_without_demonstrations_it_is_the_documents_that_are_tested() -> None:
    assert lines("base", "msm", "control") == {
        "msm": "",
        "control": "msm, for the reasons: documents that give none",
        "base": "msm, for all training: none",
    }


def test_each_arm_with_documents_has_controls_of_its_own() -> None:
    assert lines("sft", "cot-sft", "msm+cot-sft", "msm+sft") == {
        "msm+sft": "",
        "sft": "msm+sft, for the documents: none",
        "msm+cot-sft": "",
        "cot-sft": "msm+cot-sft, for the documents: none",
    }


def test_an_arm_that_differs_in_more_than_one_thing_is_a_control_for_none() -> None:
    assert lines("msm+sft", "opposite") == {"msm+sft": "", "opposite": ""}
    assert lines("base", "sft") == {"base": "", "sft": ""}


def test_labels_go_by_their_arms() -> None:
    labels = ["base", "sft", "control+sft@x", "msm+sft@x", "control+sft@y", "msm+sft@y"]
    assert sort_labels(labels, ()) == ["msm+sft@x", "msm+sft@y", "sft", "control+sft@x", "control+sft@y", "base"]
