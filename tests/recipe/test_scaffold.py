"""A new experiment is a copy to edit that is right from the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.preflight import inspect_recipe
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.recipe.scaffold import create_experiment
from msm_mlx.recipe.schema import Profile
from msm_mlx.recipe.shipped import read_question, shipped_recipes, shipped_specs
from msm_mlx.spec import load_spec
from msm_mlx.suites.load import SUITES


def settings(recipe: Recipe) -> Profile:
    """Those of its profile, wherever its ready-made documents are."""
    documents = recipe.settings.documents.model_copy(update={"source": None})
    return recipe.settings.model_copy(update={"documents": documents})


def ready_made(recipe: Recipe) -> list[tuple[str, bytes]]:
    """The files of its ready-made documents."""
    sources = filter(None, (recipe.settings.documents.source_of(spec.stem) for spec in recipe.specs))
    return [(Path(source).name, Path(source).read_bytes()) for source in sources]


@pytest.mark.slow
@pytest.mark.parametrize("source", shipped_recipes())
def test_every_shipped_recipe_can_be_started_from(source: str, tmp_path: Path) -> None:
    folder = create_experiment("mine", source, tmp_path)
    made = load_recipe(folder / "recipe.yaml", known_suites=SUITES)
    model = load_recipe(shipped_recipes()[source], known_suites=SUITES)

    assert inspect_recipe(folder / "recipe.yaml").problems == []
    assert made.name == "mine"
    assert read_question(made.path).endswith(f"has read {', '.join(path.name for path in made.specs)}?")
    assert (made.arms, made.seeds, made.grid) == (model.arms, model.seeds, model.grid)
    assert (settings(made), ready_made(made)) == (settings(model), ready_made(model))
    assert "data/" not in (folder / "recipe.yaml").read_text(encoding="utf-8")
    assert all(path.is_relative_to(folder) for path in (*made.specs, made.demonstrations))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


def test_a_model_reads_the_same_spec_as_before(tmp_path: Path) -> None:
    """The comment that explains how to write one is not shown to it."""
    source = shipped_specs()["cheese_american"]
    folder = create_experiment("mine", "cheese_american", tmp_path)
    names = {"model_name": "M", "provider_name": "P"}
    made, model = load_spec(folder / "mine.md", **names), load_spec(source, **names)

    assert (folder / "mine.md").read_text(encoding="utf-8").startswith("<!--")
    assert made.text.strip() == model.text.strip()
    assert [(a.id, a.text, a.assertion) for a in made.sections] == [(b.id, b.text, b.assertion) for b in model.sections]


@pytest.mark.parametrize("name", ["", "My values", "../out", "a/b", ".hidden", "é"])
def test_names_that_cannot_be_used(name: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="a-z, 0-9"):
        create_experiment(name, "cheese_american", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "recipe.yaml").write_text("precious")

    with pytest.raises(RecipeError, match="there already"):
        create_experiment("mine", "cheese_american", tmp_path)
    assert (tmp_path / "mine" / "recipe.yaml").read_text() == "precious"
