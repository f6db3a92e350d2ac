"""Plans of the shipped recipes with changes, as tests of stages take them apart."""

from __future__ import annotations

from typing import Any

from helpers.command_line import RECIPES
from msm_mlx.pipeline.plan import AnyStage, Fingerprints, RunPlan, plan_run
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.suites.load import SUITES

MODELS = Fingerprints("base", {"critic": "critic", "judge": "judge"})


def recipe(*overrides: str, name: str = "cheese_american") -> Recipe:
    return load_recipe(RECIPES / f"{name}.yaml", overrides=overrides, known_suites=SUITES)


def plan(*overrides: str, name: str = "cheese_american") -> RunPlan:
    return plan_run(recipe(*overrides, name=name), MODELS)


def only(kind: type[AnyStage], *overrides: str) -> AnyStage:
    """The one stage of a class in the plan of `cheese_american`."""
    [stage] = plan(*overrides).of(kind)
    return stage


Keys = dict[str, dict[str, Any]]


def keys(planned: RunPlan) -> Keys:
    """The key of each stage, by its id. Files that keys depend on are read now."""
    return {stage.id: stage.key for stage in planned.stages}


def changed(before: Keys, after: Keys) -> set[str]:
    """The ids of the stages whose keys are no longer the same; both have the same stages."""
    assert list(before) == list(after)
    return {id for id in before if before[id] != after[id]}
