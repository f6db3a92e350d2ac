"""The base that an exported adapter belongs to, and the folder that it goes to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx_lm
import pytest
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.export.adapter import ExportedVariant, Format, export_variant
from msm_mlx.runs.finished import open_run

pytestmark = pytest.mark.slow

MakeTrained = Callable[..., Path]


def export(run: Path, format: Format, out: Path, **options: Any) -> ExportedVariant:
    record = open_run(run)
    (variant,) = record.choose(["msm+sft"], 0)
    return export_variant(record, variant, record.base(), format, out, **options)


def quantised(folder: Path, out: Path) -> Path:
    model, _, config = mlx_lm.load(str(folder), return_config=True)
    model, config = mlx_lm.utils.quantize_model(model, config, group_size=32, bits=4)
    mlx_lm.utils.save_model(out, model)
    mlx_lm.utils.save_config(config, out / "config.json")
    for path in folder.glob("*token*"):
        shutil.copy(path, out)
    shutil.copy(folder / "chat_template.jinja", out)
    return out


def test_nothing_is_fused_into_a_quantised_base(trained_run: MakeTrained, tmp_path: Path) -> None:
    run = trained_run("quantised", quantised(POCKET_WEIGHTS, tmp_path / "quantised"))
    with pytest.raises(SetupError, match="is quantised: fusing would round the adapter away"):
        export(run, "fused", tmp_path / "out")
    with pytest.raises(RecipeError, match=r"name the model that it was made from with --base"):
        export(run, "peft", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert export(run, "peft", tmp_path / "out", base_label="me/original").difference < 1e-5
    assert (
        json.loads((tmp_path / "out" / "adapter_config.json").read_text())["base_model_name_or_path"] == "me/original"
    )


def test_a_folder_that_is_there_is_left_alone(trained_run: MakeTrained, tmp_path: Path) -> None:
    run = trained_run()
    (tmp_path / "out").mkdir()
    with pytest.raises(RecipeError, match="is there already; remove it, or choose another folder with --out"):
        export(run, "mlx", tmp_path / "out")
