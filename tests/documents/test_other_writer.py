"""Documents by another model than the one that is trained: what depends on it, who says so, and that it is used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import RECIPES, Cli

from msm_mlx.engine.chat_model import LongPrompt, SamplingParams
from msm_mlx.engine.loaded_model import load_base
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl
from msm_mlx.models.hub import resolve_model
from msm_mlx.pipeline.plan import Fingerprints, plan_run
from msm_mlx.pipeline.stage import Stage
from msm_mlx.recipe.load import Recipe, Role, load_recipe
from msm_mlx.suites.load import SUITES

RECIPE = RECIPES / "cheese_american.yaml"
OTHER = "documents.writer.model=pocket"
SEVERAL = "documents.writer=[pocket, {model: some/model, server: 'http://127.0.0.1:9/v1'}, b/c]"
SERVED = "documents.writer={model: some/model, server: 'http://127.0.0.1:9/v1'}"
FEW = (
    "documents.count=6",
    "documents.max_attempts_per_document=40",
    "midtrain.updates=2",
    "sft.updates=2",
    "sft.rows=8",
)


def recipe(*overrides: str) -> Recipe:
    return load_recipe(RECIPE, overrides=("seeds=[0]", *overrides), known_suites=SUITES)


def stages(*overrides: str, **others: str) -> dict[str, Stage]:
    roles: dict[Role, str] = {"writer": others["writer"]} if others else {}
    return {stage.id: stage for stage in plan_run(recipe(*overrides), Fingerprints("base", roles)).stages}


def changed(one: dict[str, Stage], other: dict[str, Stage]) -> set[str]:
    return {name for name in one if one[name].key != other[name].key}


def test_only_what_is_written_depends_on_the_writer() -> None:
    alone = stages()
    assert alone["documents cheese_american"].key["writer"] == "base"
    assert changed(alone, stages(OTHER, writer="base")) == set()
    assert changed(alone, stages(OTHER, writer="another")) == {"documents cheese_american"}
    ideas = "documents.ideas=2"
    assert changed(stages(ideas), stages(ideas, OTHER, writer="another")) == {
        "plan cheese_american", "documents cheese_american",
    }  # fmt: skip


def test_a_server_is_known_by_the_name_of_its_model_alone() -> None:
    one = stages(SERVED)["documents cheese_american"].key
    assert one["writer"] == "server: some/model"
    assert one == stages(SERVED, "documents.writer.concurrency=2")["documents cheese_american"].key
    assert one == stages(SERVED.replace(":9/", ":10/"))["documents cheese_american"].key


def test_the_recipe_tells_who_writes() -> None:
    assert (recipe().others, recipe().written_by) == ({}, "")
    assert (recipe(OTHER).others, recipe(OTHER).written_by) == ({"writer": "pocket"}, "pocket")
    assert (recipe(SERVED).others, recipe(SERVED).written_by) == ({}, "some/model at http://127.0.0.1:9/v1")
    assert recipe(SEVERAL).others == {"writer pocket": "pocket", "writer b/c": "b/c"}
    assert recipe(SEVERAL).written_by == "pocket, some/model at http://127.0.0.1:9/v1 and b/c"


def test_several_writers_are_known_by_their_names_and_models_whatever_their_order() -> None:
    def keys(*overrides: str, **others: str) -> Any:
        models = Fingerprints("base", {f"writer {name}": print_ for name, print_ in others.items()})
        [stage] = [stage for stage in plan_run(recipe(*overrides), models).stages if stage.kind == "documents"]
        return stage.key

    one = keys("documents.writer=[a, b]", a="1", b="2")
    assert one["writer"] == "a (1), b (2)"
    assert one == keys("documents.writer=[b, {model: a, concurrency: 3}]", a="1", b="2")
    assert one != keys("documents.writer=[a, b]", a="2", b="1")
    assert keys("documents.writer=[a, b]", a="1")["writer"] == ""  # not known yet
    assert (
        keys(SEVERAL, pocket="1", **{"b/c": "2"})["writer"]
        == "b/c (2), pocket (1), server: some/model (server: some/model)"
    )


@pytest.mark.parametrize(
    ("writer", "said"),
    [
        ("[]", "names nobody; leave it out, and the model that is trained writes"),
        ("[a, {model: a, concurrency: 2}]", "names 'a' twice"),
        ("[a, {modle: b}]", "modle: unknown key (did you mean model?)"),
        ("{modle: b}", "modle: unknown key (did you mean model?)"),
        ("[a, 3]", "must be a mapping, not 3"),
        ("3", "must be the name of a model, a mapping, or a list of them, not 3"),
    ],
)
def test_what_is_no_writer_is_told(writer: str, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe(f"documents.writer={writer}")
    assert said in str(caught.value)


@pytest.mark.parametrize("command", [("run", "--dry-run"), ("estimate",)])
def test_commands_tell_who_writes(cli: Cli, command: tuple[str, ...]) -> None:
    done = cli(command[0], RECIPE, *command[1:], "--set", OTHER)
    assert done.returncode == 0, done.stderr
    assert "documents by pocket" in " ".join(done.stdout.split())


def test_validate_looks_for_the_writer(cli: Cli) -> None:
    done = cli("validate", RECIPE, "--set", "documents.writer.model=./not-there")
    assert done.returncode == 2
    assert "not-there" in done.stderr


@pytest.mark.slow
def test_pocket_writes_for_a_model_that_cannot(
    cli: Cli, tmp_path: Path, tiny_model_folder: Callable[[str], Path]
) -> None:
    """The whole run: a model with random weights is trained on what pocket has written."""
    sets = [
        part for setting in (*FEW, OTHER, "model_name=Pocket", "suites=[capability]") for part in ("--set", setting)
    ]
    done = cli(
        "run", RECIPE, "--model", tiny_model_folder("llama"), "--profile", "pocket", "--seed", "0",
        "--set", "arms=[base, msm+sft]", "--run-dir", "run", *sets,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    writer = resolve_model("pocket").fingerprint
    assert record["writer"]["fingerprint"] == writer != record["model"]["fingerprint"]
    documents = list(read_jsonl(tmp_path / "run" / "documents" / "documents.jsonl"))
    assert [row["writer"] for row in documents] == [writer] * 6
    assert "documents written by pocket" in (tmp_path / "run" / "report.md").read_text()


@pytest.mark.parametrize("thinking", [False, True])
def test_a_writer_thinks_if_it_is_asked_to(thinking: bool, tiny_model_folder: Callable[[str], Path]) -> None:
    """Where it is not, the template of a thinking model has it begin with an empty thought."""
    loaded = load_base(tiny_model_folder("qwen3"))
    sampling = SamplingParams(2, 1, thinking=thinking)
    [(_, _, prompt)] = LocalModel(loaded).fit([[{"role": "user", "content": "Hi"}]], sampling, LongPrompt.REFUSE)
    assert ("</think>" in loaded.tokenizer.decode(prompt)) == (not thinking)
