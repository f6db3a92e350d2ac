"""The suites of a recipe: with its names in them, and without what is about other specs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.command_line import RECIPES

from msm_mlx.errors import RecipeError
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.recipe.suites import load_added_suites, load_suites
from msm_mlx.suites.load import SUITES

SUITE = """\
kind: questions
measures: share right
items:
  - {prompt: "What, {model_name}?", right: A., wrong: [B.], spec: cheese_american}
  - {prompt: "What else?", right: A., wrong: [B.], spec: another}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "mine.yaml").write_text(SUITE, encoding="utf-8")
    path = tmp_path / "mine.yaml"
    return load_recipe(RECIPES / "cheese_american.yaml", overrides=[f"suites=[{path}]"], known_suites=SUITES)


def test_the_recipes_names_are_filled_in_and_items_about_other_specs_left_out(recipe: Recipe) -> None:
    [suite] = load_suites(recipe)
    assert [item.question for item in suite.items] == [f"What, {recipe.model_name}?"]
    assert not suite.added


def test_suites_that_were_added_after_the_run_are_marked(recipe: Recipe) -> None:
    suites = load_added_suites(replace(recipe, added_suites=("values_apart",)))
    assert [(suite.name, suite.added) for suite in suites] == [("values_apart", True)]


def test_a_suite_about_other_specs_alone_is_refused(recipe: Recipe) -> None:
    other = replace(recipe, specs=(Path("cheese_affordable.md"),))
    with pytest.raises(RecipeError, match="about the specs another, cheese_american only, and none about cheese_aff"):
        load_suites(other)
