"""The base that an exported adapter belongs to, and the folder that it goes to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.exports import export_adapter, quantised
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.errors import RecipeError

pytestmark = pytest.mark.slow

MakeTrained = Callable[..., Path]


def test_a_quantised_base_goes_to_other_tools_only_by_the_name_of_its_original(
    trained_run: MakeTrained, tmp_path: Path
) -> None:
    run = trained_run("quantised", quantised(POCKET_WEIGHTS, tmp_path / "quantised"))
    with pytest.raises(RecipeError, match=r"name the model that it was made from with --base"):
        export_adapter(run, "peft", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert export_adapter(run, "peft", tmp_path / "out", base_label="me/original").difference < 1e-5
    assert (
        json.loads((tmp_path / "out" / "adapter_config.json").read_text())["base_model_name_or_path"] == "me/original"
    )


def test_a_folder_that_is_there_is_left_alone(trained_run: MakeTrained, tmp_path: Path) -> None:
    run = trained_run()
    (tmp_path / "out").mkdir()
    with pytest.raises(RecipeError, match="is there already; remove it, or choose another folder with --out"):
        export_adapter(run, "mlx", tmp_path / "out")
