"""The combinations of a recipe's grid, and what a plan says of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import RECIPES

from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.grid import list_cells, plan_grid
from msm_mlx.pipeline.preflight import doses_on_all_items
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.runs.folder import RunFolder
from msm_mlx.suites.load import SUITES

GRID = "grid={documents.count: [0, 30], midtrain.learning_rate: [1, 2e-3]}"


def recipe(*overrides: str) -> Recipe:
    return load_recipe(RECIPES / "cheese_american.yaml", overrides=overrides, known_suites=SUITES)


def test_cells_are_the_full_product() -> None:
    cells = list_cells(recipe(GRID))
    assert [cell.name for cell in cells] == [
        "documents.count=0,midtrain.learning_rate=1.0",
        "documents.count=0,midtrain.learning_rate=0.002",
        "documents.count=30,midtrain.learning_rate=1.0",
        "documents.count=30,midtrain.learning_rate=0.002",
    ]
    last = cells[-1].recipe
    assert (last.settings.documents.count, last.settings.midtrain.learning_rate) == (30, 0.002)
    assert last.grid == ()
    assert last.overrides[-1] == "midtrain.learning_rate=0.002"
    assert last.settings.sft == recipe().settings.sft


def test_a_recipe_without_a_grid_has_none() -> None:
    assert recipe().grid == ()


def test_the_grid_can_be_changed_from_the_command_line() -> None:
    assert recipe(GRID, "grid.documents.count=[7]").grid[0] == ("documents.count", (7,))
    assert recipe(GRID, "grid={}").grid == ()


GOOD = (RECIPES / "cheese_american.yaml").read_text(encoding="utf-8").replace("../", f"{RECIPES.parent}/")


@pytest.mark.parametrize(
    ("grid", "problems"),
    [
        ("{documents.cuont: [1]}", ["4 grid.documents.cuont: unknown setting (did you mean documents.count?)"]),
        ("{documents.count: [1, many, -2]}", [
            "25 grid.documents.count: must be an integer, not 'many'",
            "31 grid.documents.count: must be at least 0, not -2",
        ]),
        ("{documents.count: [1, 2, 1]}", ["28 grid.documents.count: 1 is there twice; take one out"]),
        ("{documents.count: [[1]]}", ["22 grid.documents.count: must be a number, text, true or false, not a list"]),
        ("{documents.count: []}", ["21 grid.documents.count: must not be empty"]),
        ("{documents.count: 3}", ["21 grid.documents.count: must be a list, not 3"]),
        ("[documents.count]", ["3 grid: must be a mapping, not a list"]),
    ],
)  # fmt: skip
def test_problems_have_their_place(tmp_path: Path, grid: str, problems: list[str]) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(f"grid:\n  {grid}\n{GOOD.replace('data/', f'{RECIPES}/data/')}")
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, known_suites=SUITES)
    found = str(caught.value).splitlines()
    assert len(found) == len(problems), found
    for line, problem in zip(found, problems, strict=True):
        column, _, message = problem.partition(" ")
        where, _, said = line.removeprefix(f"{path}:").partition(" ")
        assert where == f"2:{column}", line
        assert said.startswith(message), line


def test_a_setting_cannot_be_set_twice() -> None:
    with pytest.raises(RecipeError, match=r"--set documents\.count=3: the grid sets documents\.count; use --set"):
        recipe(GRID, "documents.count=3")


def test_a_plan_does_once_what_cells_share(tmp_path: Path) -> None:
    plan = plan_grid(recipe(GRID, "seeds=[0]"), RunFolder(tmp_path / "run"))
    due = [[stage.id for stage, status in stages if not status.cached] for _, stages in plan]
    own = ["midtrain msm-s0", "sft msm+sft-s0", "evaluate msm-s0", "evaluate msm+sft-s0", "results"]
    assert due == [
        ["plan cheese_american", "documents cheese_american", "demonstrations", "sft sft-s0", "midtrain msm-s0",
         "sft msm+sft-s0", "evaluate base", "evaluate sft-s0", "evaluate msm-s0", "evaluate msm+sft-s0", "results"],
        own,
        ["plan cheese_american", "documents cheese_american", *own],
        own,
    ]  # fmt: skip
    reasons = {status.reason for stage, status in plan[3][1] if stage.kind == "documents"}
    assert reasons == {"copied from the cell documents.count=30,midtrain.learning_rate=1.0"}


def test_a_grid_that_is_compared_on_the_items_to_report_is_told() -> None:
    [line] = doses_on_all_items(recipe(GRID))
    assert "compared on all items" in line
    assert "evaluation.split=dev" in line
    assert "the items to report" in doses_on_all_items(recipe(GRID, "evaluation.split=test"))[0]
    assert doses_on_all_items(recipe(GRID, "evaluation.split=dev")) == doses_on_all_items(recipe()) == []
