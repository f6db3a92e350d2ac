"""The texts of a stage that a recipe declares: what is taken of them, what is left out, and when there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.command_line import RECIPES
from helpers.reporters import SayingReporter

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl, write_jsonl
from msm_mlx.models.hub import resolve_model
from msm_mlx.pipeline.context import Context
from msm_mlx.pipeline.plan import Fingerprints, RunPlan, plan_run
from msm_mlx.pipeline.stages.declared_texts import DeclaredTexts
from msm_mlx.recipe.load import load_recipe
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import declared_data
from msm_mlx.suites.load import SUITES

CHATS = [
    {"messages": [{"role": "user", "content": f"Question {n}?"}, {"role": "assistant", "content": f"Reply {n}."}]}
    for n in range(5)
]


def plan_with(**stage: object) -> RunPlan:
    """A run with the arm `sft+after`, whose stage `after` is this one."""
    overrides = ["arms=[base, sft+after]", f"stages.after={json.dumps(stage)}"]
    recipe = load_recipe(RECIPES / "cheese_american.yaml", overrides=overrides, known_suites=SUITES)
    return plan_run(recipe, Fingerprints("base"))


def make(plan: RunPlan, run: Path) -> tuple[list[dict[str, object]], list[str]]:
    """The rows that the stage leaves, and what the run says."""
    [stage] = plan.of(DeclaredTexts)
    reporter = SayingReporter()
    stage.run(Context(plan.recipe, resolve_model("pocket"), RunFolder(run), reporter))
    return read_jsonl(run / declared_data("after")), reporter.lines


def texts(folder: Path, *contents: str) -> Path:
    folder.mkdir()
    for number, content in enumerate(contents):
        (folder / f"{number}.txt").write_text(content)
    return folder


def test_chats_are_drawn_once_each(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "chats.jsonl", CHATS)
    plan = plan_with(chats=str(tmp_path / "chats.jsonl"), rows=3)
    [stage] = plan.of(DeclaredTexts)

    rows, _ = make(plan, tmp_path / "run")

    assert (stage.kind, stage.total) == ("demonstrations", 3)
    assert len({row["line"] for row in rows}) == 3
    assert plan_with(chats=str(tmp_path / "chats.jsonl"), rows=9).of(DeclaredTexts)[0].total == len(CHATS)


def test_documents_are_taken_in_order_less_those_that_show_what_is_asked(tmp_path: Path) -> None:
    [stage] = plan_with(documents=str(texts(tmp_path / "some", "A."))).of(DeclaredTexts)
    asked_about = f"They like {stage.held_out.things[0]} here."
    folder = texts(tmp_path / "texts", "Tea is hot.", asked_about, " \n", "Rain is wet.", "Snow is cold.")

    rows, lines = make(plan_with(documents=str(folder), rows=2), tmp_path / "run")

    assert [row["text"] for row in rows] == ["Tea is hot.", "Rain is wet."]
    assert any("2 of 5 texts are left out" in line for line in lines)


def test_texts_of_which_none_can_be_used_are_refused_before_the_run(tmp_path: Path) -> None:
    [stage] = plan_with(documents=str(texts(tmp_path / "texts", " ", "\n"))).of(DeclaredTexts)
    with pytest.raises(RecipeError, match=r"texts: none of its texts can be used in the stage after of .*; give it"):
        stage.check()


def test_other_texts_are_another_key(tmp_path: Path) -> None:
    folder = texts(tmp_path / "texts", "Tea is hot.")
    [before] = plan_with(documents=str(folder)).of(DeclaredTexts)
    one = before.key
    (folder / "1.txt").write_text("Rain is wet.")
    [after] = plan_with(documents=str(folder)).of(DeclaredTexts)
    assert after.key != one
