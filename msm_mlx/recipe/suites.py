"""The suites of a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msm_mlx.errors import RecipeError
from msm_mlx.recipe.load import Recipe
from msm_mlx.suites.items import Suite
from msm_mlx.suites.load import Names, load_suite


def load_added_suites(recipe: Recipe) -> list[Suite]:
    """The suites that were added after the run, marked as such."""
    return [replace(suite, added=True) for suite in load_suites(recipe, recipe.added_suites)]


def load_suites(recipe: Recipe, entries: Sequence[str] | None = None) -> list[Suite]:
    """The recipe's suites, or those named, with its names filled in, without the items that are about other specs.

    Raises:
        RecipeError: if a suite cannot be used, or none of its items is for the recipe's specs.
    """
    names, stems = Names(recipe.model_name, recipe.provider_name), {spec.stem for spec in recipe.specs}
    suites = []
    for entry in recipe.suites if entries is None else entries:
        suite = load_suite(entry, names, recipe.profile)
        items = tuple(item for item in suite.items if item.spec is None or item.spec in stems)
        if all(item.is_format_control for item in items):
            specs = ", ".join(sorted({str(item.spec) for item in suite.items if item.spec}))
            raise RecipeError(
                f"{recipe.path}: suites: {suite.name} has items about the specs {specs} only, and none about "
                f"{', '.join(sorted(stems))}; take it out, or give it such items"
            )
        suites.append(replace(suite, items=items))
    return suites
