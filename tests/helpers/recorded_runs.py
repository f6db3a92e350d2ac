"""Runs whose record says that stages are done, which nothing has computed: their files are there and say nothing."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path

from helpers.command_line import RECIPES
from helpers.planted_runs import record_of, write
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.status import known_fingerprints
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.runs.folder import RunFolder
from msm_mlx.suites.load import SUITES

SIZE = 1200  # bytes of each file


@cache
def recipe_with(*overrides: str) -> Recipe:
    """`cheese_american` with these settings."""
    return load_recipe(RECIPES / "cheese_american.yaml", overrides=overrides, known_suites=SUITES)


def record_run(folder: Path, *overrides: str, without: Collection[str] = ()) -> Recipe:
    """A run of `recipe_with(*overrides)` in `folder`, of which all stages are done but those that begin with one of
    `without` and those that read what these make."""
    recipe, run = recipe_with(*overrides), RunFolder(folder)
    run.keep_recipe(recipe.resolved())
    run.describe(recipe=recipe.name, model=record_of())
    for stage in plan_run(recipe, known_fingerprints(recipe, run)).stages:
        if stage.id.startswith(tuple(without)) or stage.missing(run):
            continue
        inputs = stage.inputs(run)
        run.begin(stage.id, inputs, stage.writes, claim=stage.claim)
        for name in stage.writes:
            write(folder / name, f"{name:{SIZE}}")
        run.finish(stage.id, stage.writes, 20.0)
    return recipe
