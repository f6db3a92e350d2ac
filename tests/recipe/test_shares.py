"""A stage with several shares of contrary rows is a stage for each, and every arm with it an arm for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import RECIPES
from helpers.plans import changed, keys, plan, recipe
from helpers.recipe_files import problems
from helpers.recipe_files import recipe as written

from msm_mlx.pipeline.preflight import unmeasured_arms
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.recipe.arm_descriptions import describe_training

CHATS = RECIPES / "data" / "general_conversation.jsonl"


def after(contrary: str, arms: str = "[base, sft, msm+sft+after]", more: str = "") -> tuple[str, ...]:
    stage = f"{{chats: {CHATS}, updates: 6, rows: 100, contrary: {contrary}{more}}}"
    return f"arms={arms}", f"stages={{after: {stage}}}", "seeds=[0]"


def test_each_share_is_a_stage_and_an_arm() -> None:
    read = recipe(*after("[0, 0.02, 0.05]"))
    assert read.arms == ("base", "sft", "msm+sft+after-0", "msm+sft+after-0.02", "msm+sft+after-0.05")
    assert {name: stage.contrary for name, stage in read.stages.items()} == {
        "after-0": (0.0,), "after-0.02": (0.02,), "after-0.05": (0.05,),
    }  # fmt: skip


def test_one_share_keeps_the_name() -> None:
    for contrary in ("0.02", "[0.02]"):
        read = recipe(*after(contrary))
        assert read.arms[-1] == "msm+sft+after"
        assert read.stages["after"].contrary == (0.02,)


def test_what_comes_before_is_trained_once() -> None:
    trained = [stage.variant.arm for stage in plan(*after("[0, 0.05]")).of(Training)]
    assert trained == ["sft", "msm", "msm+sft", "msm+sft+after-0", "msm+sft+after-0.05"]


def test_another_share_leaves_the_others_as_they_are() -> None:
    before, later = keys(plan(*after("[0, 0.05]"))), keys(plan(*after("[0, 0.02, 0.05]")))
    assert {id: later[id] for id in before if id != "results"} == {
        id: key for id, key in before.items() if id != "results"
    }


def test_a_changed_share_changes_the_tail_alone() -> None:
    assert changed(keys(plan(*after("0.02"))), keys(plan(*after("0.05")))) == {"demonstrations of after", "results"}


def test_arms_say_in_words_what_they_learned() -> None:
    read = recipe(*after("[0, 0.02]")).resolved()
    words = describe_training("sft+after-0.02", read["stages"])
    assert words.endswith("fine-tuned on the chats of general_conversation.jsonl, 0.02 of them contrary")


@pytest.mark.parametrize(
    ("stage", "problem"),
    [
        ({"chats": "chats.jsonl", "contrary": [0.1, 0.1]}, "must name each share once"),
        ({"chats": "chats.jsonl", "contrary": [2]}, "must be at most 1, not 2"),
        ({"chats": "chats.jsonl", "contrary": "some"}, "contrary: "),
        ({"documents": "chats.jsonl", "contrary": 0.1}, "this stage learns documents; give it chats"),
        ({"chats": "chats.jsonl", "contrary_from": "chats.jsonl"}, "contrary_from needs contrary"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(tmp_path: Path, stage: dict[str, Any], problem: str) -> None:
    [line] = told(tmp_path, after=stage)
    assert "stages.after" in line
    assert problem in line


def test_chats_cannot_be_turned_round_and_names_are_not_given_twice(tmp_path: Path) -> None:
    stage = {"chats": "chats.jsonl", "contrary": [0, 0.1]}
    lines = told(tmp_path, "chats.jsonl", **{"after": stage, "after-0": {"chats": "chats.jsonl"}})
    assert any("stages.after.contrary: chats.jsonl is no list of preferences" in line for line in lines)
    assert any("stages.after-0: is what after is called with that share" in line for line in lines)


def told(folder: Path, demonstrations: str = "data/rows.yaml", **stages: Any) -> list[str]:
    (folder / "data").mkdir()
    for name in ("cheese.md", "data/rows.yaml", "chats.jsonl"):
        (folder / name).write_text("")
    arms = [f"sft+{name}" for name in stages]
    return problems(folder, written(stages=stages, arms=arms, demonstrations=demonstrations))


@pytest.mark.parametrize(
    ("arms", "missing"),
    [
        ("[sft, msm+sft, msm+sft+after]", []),
        ("[sft, msm+sft+after]", ["msm+sft"]),
        ("[msm+sft+after]", ["msm+sft", "sft"]),
        ("[sft+after]", []),
        ("[sft, msm+after+sft]", []),
    ],
)
def test_what_a_number_of_contrary_rows_needs_is_told_before(arms: str, missing: list[str]) -> None:
    lines = unmeasured_arms(recipe(*after("[0, 0.05]", arms)))
    assert len(lines) == bool(missing)
    assert all(f"undo msm+sft is not measured without {', '.join(missing)}; add " in line for line in lines)
