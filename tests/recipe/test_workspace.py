"""A recipe names files of its workspace only, unless a person says otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers.command_line import ROOT

from msm_mlx.errors import RecipeError
from msm_mlx.recipe.load import load_recipe
from msm_mlx.suites.load import SUITES


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The layout of a clone, looked at from elsewhere."""
    for name in ("recipes", "specs"):
        shutil.copytree(ROOT / name, tmp_path / "clone" / name)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "clone"


def test_the_layout_of_a_clone_simply_works(clone: Path) -> None:
    assert load_recipe(clone / "recipes" / "cheese_american.yaml", known_suites=SUITES).specs[0].exists()


def test_a_recipe_in_another_place_may_not_look_around(clone: Path) -> None:
    moved = (clone / "recipes").rename(clone / "mine") / "cheese_american.yaml"

    with pytest.raises(RecipeError, match=r"cheese_american.yaml:7:7 spec: .* outside .*--allow-outside"):
        load_recipe(moved, known_suites=SUITES)
    assert load_recipe(moved, known_suites=SUITES, allow_outside=True).name == "cheese_american"


def test_the_working_folder_belongs_to_the_workspace(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = (clone / "recipes").rename(clone / "mine") / "cheese_american.yaml"
    monkeypatch.chdir(clone)

    assert load_recipe(moved, known_suites=SUITES).name == "cheese_american"


def test_a_link_does_not_lead_out(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("# Secret\n\n> It does this because of that.\n")
    spec = clone / "specs" / "cheese_american.md"
    spec.unlink()
    spec.symlink_to(tmp_path / "secret.md")

    with pytest.raises(RecipeError, match=r"secret.md is outside"):
        load_recipe(clone / "recipes" / "cheese_american.yaml", known_suites=SUITES)


def test_what_is_typed_may_be_anywhere(clone: Path, tmp_path: Path) -> None:
    far = tmp_path / "far.md"
    far.write_text("# Far\n\n> It does this because of that.\n")

    recipe = load_recipe(clone / "recipes" / "cheese_american.yaml", known_suites=SUITES, overrides=[f"spec={far}"])
    assert recipe.specs == (far,)


def test_a_file_of_demonstrations_may_not_look_around_either(clone: Path, tmp_path: Path) -> None:
    """One that says how they are to be written names a spec of its own."""
    (tmp_path / "secret.md").write_text("# Secret\n\n> It does this because of that.\n")
    written = clone / "recipes" / "data" / "written.yaml"
    recipe = clone / "recipes" / "cheese_american.yaml"
    recipe.write_text(recipe.read_text().replace("data/cheese_preferences.yaml", "data/written.yaml"))

    written.write_text("spec: ../../specs/cheese_american.md\nstyle: value\n")
    assert load_recipe(recipe, known_suites=SUITES).demonstrations == written
    written.write_text("spec: ../../../secret.md\nstyle: value\n")
    with pytest.raises(RecipeError, match=r"demonstrations: .*secret.md is outside"):
        load_recipe(recipe, known_suites=SUITES)
    assert load_recipe(recipe, known_suites=SUITES, allow_outside=True).demonstrations == written


@pytest.mark.parametrize("key", ["chats", "documents"])
def test_the_texts_of_a_declared_stage_may_not_be_outside_either(clone: Path, tmp_path: Path, key: str) -> None:
    (tmp_path / "secret.jsonl").write_text('{"text": "Secret."}\n')
    recipe = clone / "recipes" / "cheese_american.yaml"
    recipe.write_text(f"{recipe.read_text()}stages:\n  after: {{{key}: ../../secret.jsonl}}\n")

    with pytest.raises(RecipeError, match=rf"stages\.after\.{key}: .*secret.jsonl is outside"):
        load_recipe(recipe, known_suites=SUITES)
