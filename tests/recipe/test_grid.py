"""The settings of a cell, as a folder's name and as the command line takes them."""

from __future__ import annotations

from helpers.command_line import RECIPES

from msm_mlx.recipe.grid import as_overrides, cell_name, check_grid, grid_settings
from msm_mlx.recipe.load import load_recipe
from msm_mlx.settings_file.parse import parse
from msm_mlx.suites.load import SUITES


def test_a_cell_is_what_its_overrides_make_of_the_recipe() -> None:
    settings = {"documents.count": 7, "sft.learning_rate": 0.002, "midtrain.gradient_checkpointing": True}
    overrides = as_overrides(settings)
    assert overrides == ["documents.count=7", "sft.learning_rate=0.002", "midtrain.gradient_checkpointing=true"]
    profile = load_recipe(RECIPES / "cheese_american.yaml", overrides=overrides, known_suites=SUITES).settings
    assert (profile.documents.count, profile.sft.learning_rate) == (7, 0.002)
    assert profile.midtrain.gradient_checkpointing


def test_the_name_of_a_cell_is_safe_as_a_folder() -> None:
    assert cell_name({"documents.count": 7, "sft.warmup": 0}) == "documents.count=7,sft.warmup=0"
    assert cell_name({"documents.prompt": "../a b"}) == "documents.prompt=.._a_b"


def test_values_are_checked_as_the_settings_that_they_are() -> None:
    tree = parse("grid:\n  documents.count: [1, -1, 2, 1, many]\n  documents.cuont: [1]\n")
    check_grid(tree)
    assert str(tree.error("r.yaml")).splitlines() == [
        "r.yaml:2:24 grid.documents.count: must be at least 0, not -1",
        "r.yaml:2:31 grid.documents.count: 1 is there twice; take one out",
        "r.yaml:2:34 grid.documents.count: must be an integer, not 'many'",
        "r.yaml:3:3 grid.documents.cuont: unknown setting (did you mean documents.count?); name it as documents.count",
    ]


def test_where_documents_come_from_is_no_setting_of_one_experiment() -> None:
    assert "documents.count" in grid_settings()
    assert not {"documents.from", "documents.source"} & grid_settings().keys()
