"""Which answers of a run are asked anew, and which are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.command_line import RECIPES

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl, write_jsonl, write_text
from msm_mlx.pipeline.plan import Fingerprints, plan_run
from msm_mlx.pipeline.reevaluation import EVERYTHING, Choice, choose, narrow_plan, with_added_suites
from msm_mlx.pipeline.stage import Stage
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.recipe.suites import load_added_suites, load_suites
from msm_mlx.runs.answers import read_answers
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import adapter_folder
from msm_mlx.settings_file.dump import dump
from msm_mlx.suites.load import SUITES

BASE = Fingerprints("base")

MINE = """\
measures: share choosing tea
question: "{first} or {second}?"
reply: "{item}"
domains:
  drinks: {noun: drink, pairs: [[tea, coffee], [milk, water]]}
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    return path


def recipe(*overrides: str) -> Recipe:
    changes = ("seeds=[0]", "suites=[values_apart]", *overrides)
    return load_recipe(RECIPES / "cheese_american.yaml", overrides=changes, known_suites=SUITES)


def answer(run: RunFolder, stage: Stage) -> None:
    """Do the stage's work as far as the record can tell: a row for each suite that it asks."""
    inputs = stage.inputs(run)
    assert inputs is not None
    run.begin(stage.id, inputs, stage.writes)
    row = {"written": ["a"], "choices": ["target"], "margins": [1.0], "metrics": {}, "earlier": []}
    rows = [{"item": f"{suite}/x-1", **row} for suite in stage.key["suites"]]
    write_jsonl(run.path / stage.writes[0], rows)
    run.finish(stage.id, stage.writes, 1.0)


def evaluations(recipe: Recipe, choice: Choice, run: RunFolder) -> dict[str, list[str]]:
    """The suites that each stage of `narrow_plan` asks."""
    stages = narrow_plan(plan_run(recipe, BASE), choice, run)
    return {stage.id: sorted(stage.key["suites"]) for stage in stages if stage.kind in ("evaluate", "results")}


@pytest.fixture
def trained(tmp_path: Path) -> RunFolder:
    """A run with an adapter for every arm, and answers of all to the recipe's suite."""
    run = RunFolder(tmp_path / "run")
    for variant in recipe().variants:
        for name in ("adapters.safetensors", "adapter_config.json") if variant.is_trained else ():
            write_text(run.path / adapter_folder(variant) / name, variant.id)
    for stage in plan_run(recipe(), BASE).stages:
        if stage.kind == "evaluate":
            answer(run, stage)
    return run


def test_a_suite_of_ones_own_is_added_and_asked_alone(mine: Path) -> None:
    added, choice = choose(recipe(), [str(mine)], ["sft"])
    assert added.added_suites == (str(mine.resolve()),)
    assert choice == Choice(frozenset({"mine"}), frozenset({"sft"}))
    suites = [*load_suites(added), *load_added_suites(added)]
    assert [(suite.name, suite.added) for suite in suites] == [("values_apart", False), ("mine", True)]


def test_a_suite_of_the_run_is_chosen_and_not_added(mine: Path) -> None:
    added, _ = choose(recipe(), [str(mine)], [])
    for text in ("mine", str(mine)):
        assert choose(added, [text, "values_apart"], []) == (added, Choice(frozenset({"mine", "values_apart"})))
    assert choose(recipe(), [], []) == (recipe(), EVERYTHING)


def test_whatever_is_not_known_is_told_at_once(tmp_path: Path) -> None:
    other = tmp_path / "values_apart.yaml"
    other.write_text(MINE)
    with pytest.raises(RecipeError) as caught:
        choose(recipe(), ["capabilty", str(other), "\0"], ["stf"])
    assert str(caught.value).splitlines() == [
        "--arm stf: the run has no such arm (did you mean sft?); it has base, sft, msm, msm+sft",
        "--suite capabilty: no such file, and no suite of that name (did you mean capability?)",
        f"--suite {other}: the run has another suite called 'values_apart'; give the file another name",
        "--suite \0: no such file, and no suite of that name",
    ]


def test_a_suite_with_faults_is_refused_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(MINE.replace("{second}", "it"))
    with pytest.raises(RecipeError, match=r"bad.yaml:2:11 question: \{second\} is missing"):
        choose(recipe(), [str(path)], [])


def test_nothing_that_is_written_or_trained_knows_of_an_added_suite(mine: Path) -> None:
    before, after = (
        {stage.id: stage.key for stage in plan_run(one, BASE).stages}
        for one in (recipe(), choose(recipe(), [str(mine)], [])[0])
    )
    changed = {name for name in before if before[name] != after[name]}
    assert {name.split()[0] for name in changed} == {"evaluate", "results"}


def test_the_run_remembers_what_was_added(tmp_path: Path, mine: Path) -> None:
    added, _ = choose(recipe(), [str(mine), "capability"], [])
    write_text(tmp_path / "run" / "recipe.yaml", dump(added.resolved()))
    assert with_added_suites(recipe(), tmp_path / "run") == added
    assert with_added_suites(recipe(), tmp_path / "elsewhere") == recipe()
    owned = recipe("suites=[values_apart, capability]")
    assert with_added_suites(owned, tmp_path / "run").added_suites == (str(mine.resolve()),)
    mine.unlink()
    with pytest.raises(RecipeError, match=r"the suite that was added to .* is gone; put it back, or take it out"):
        with_added_suites(recipe(), tmp_path / "run")


def test_arms_restrict_and_answers_that_are_there_stay(trained: RunFolder, mine: Path) -> None:
    added, choice = choose(recipe(), [str(mine)], ["sft"])
    assert evaluations(added, choice, trained) == {
        "evaluate sft-s0": ["mine", "values_apart"], "results": ["mine", "values_apart"],
    }  # fmt: skip
    results = narrow_plan(plan_run(added, BASE), choice, trained)[-1]
    assert results.key["variants"] == {
        "base": ["values_apart"], "sft-s0": ["mine", "values_apart"],
        "msm-s0": ["values_apart"], "msm+sft-s0": ["values_apart"],
    }  # fmt: skip


def test_what_is_chosen_is_counted(tmp_path: Path, mine: Path) -> None:
    added, choice = choose(recipe(), [str(mine)], ["base"])
    [stage] = [s for s in narrow_plan(plan_run(added, BASE), choice, RunFolder(tmp_path)) if s.kind == "evaluate"]
    assert stage.total == 4


def test_without_a_choice_everything_is_asked(trained: RunFolder, mine: Path) -> None:
    added, _ = choose(recipe(), [str(mine)], [])
    plan = plan_run(added, BASE)
    assert narrow_plan(plan, EVERYTHING, trained) == list(plan.stages)
    assert all(names == ["mine", "values_apart"] for names in evaluations(added, EVERYTHING, trained).values())


def test_answers_of_an_arm_that_was_trained_anew_are_left_out(trained: RunFolder) -> None:
    write_text(trained.path / "adapters" / "msm-s0" / "adapters.safetensors", "other weights")
    choice = Choice(arms=frozenset({"sft"}))
    results = narrow_plan(plan_run(recipe(), BASE), choice, trained)[-1]
    assert set(results.key["variants"]) == {"base", "sft-s0", "msm+sft-s0"}


def test_answers_to_a_suite_that_has_changed_are_dropped_and_the_others_kept(trained: RunFolder, mine: Path) -> None:
    added, _ = choose(recipe(), [str(mine)], [])

    def stage_of(one: Recipe) -> Stage:
        return next(stage for stage in plan_run(one, BASE).stages if stage.id == "evaluate base")

    answer(trained, stage_of(added))
    mine.write_text(MINE.replace("coffee", "cocoa"))
    changed = stage_of(added)
    inputs = changed.inputs(trained)
    assert inputs is not None
    assert trained.grew(changed.id, inputs, changed.grows_with)
    changed.drop_stale(trained)
    left = [row["item"] for row in read_jsonl(trained.path / changed.writes[0])]
    assert left == ["values_apart/x-1"]


def test_only_the_wanted_answers_are_read(trained: RunFolder) -> None:
    base, sft = (variant for variant in recipe().variants if variant.id in ("base", "sft-s0"))
    found = read_answers(trained.path, {base: ["values_apart"], sft: []})
    assert {variant.id: list(rows) for variant, rows in found.items()} == {"base": ["values_apart/x-1"], "sft-s0": []}


def test_a_grid_hands_the_choice_to_its_cells() -> None:
    from msm_mlx.pipeline.grid import list_cells

    whole = replace(recipe("grid={midtrain.updates: [1, 2]}"), added_suites=("capability",))
    assert {cell.recipe.added_suites for cell in list_cells(whole)} == {("capability",)}
