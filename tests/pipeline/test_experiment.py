"""How recipes and run folders are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import RECIPES, ROOT
from helpers.planted_runs import make_run, recipe_of

from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.experiment import default_run_dir, find_recipe, open_experiment
from msm_mlx.recipe.scaffold import create_experiment
from msm_mlx.suites.load import SUITES


@pytest.mark.parametrize("name", ["cheese_american", "cheese_american.yaml", "recipes/cheese_american.yaml"])
def test_a_shipped_recipe_has_its_name_everywhere(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert find_recipe(name) == RECIPES / "cheese_american.yaml"


def test_a_folder_of_init_stands_for_its_recipe(tmp_path: Path) -> None:
    folder = create_experiment("mine", "cheese_american", tmp_path)

    assert find_recipe(str(folder)) == folder / "recipe.yaml"


def test_what_is_no_recipe_is_named(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", texts=None, adapters=False)

    for text, message in (
        (str(run), "is a run folder"),
        (str(ROOT / "specs" / "mending.md"), "is a spec"),
        ("gone", "no recipe of that name; there are"),
        ("elsewhere/cheese_american.yaml", "no such file"),
    ):
        with pytest.raises(RecipeError, match=message):
            find_recipe(text)


def test_runs_lie_in_the_working_folder_under_the_name_of_what_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MSM_MLX_HOME", raising=False)
    assert default_run_dir(recipe_of()) == Path("runs/cheese_american")
    assert default_run_dir(recipe_of(model="me/Big-4bit", profile="laptop")) == Path(
        "runs/cheese_american-Big-4bit-laptop"
    )
    monkeypatch.setenv("MSM_MLX_HOME", "elsewhere")
    assert open_experiment(recipe_of()).run.path == Path("elsewhere/runs/cheese_american")


def test_an_experiment_has_the_suites_that_were_added_to_its_run(tmp_path: Path) -> None:
    added = next(suite for suite in SUITES if suite not in recipe_of().suites)
    experiment = open_experiment(recipe_of(added_suites=(added,)), tmp_path)
    experiment.run.keep_recipe(experiment.recipe.resolved() | {"added_suites": [added]})

    assert open_experiment(recipe_of(), tmp_path).recipe.added_suites == (added,)
