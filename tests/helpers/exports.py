"""Exports of trained runs, as adapters and as data for TRL, and the logits of what is exported."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm
import numpy as np

from helpers.trained_runs import small_settings
from msm_mlx.export.adapter import ExportedVariant, Format, export_variant
from msm_mlx.export.trl import export_data
from msm_mlx.runs.finished import open_run
from msm_mlx.settings_file.dump import dump
from msm_mlx.settings_file.load import load_values

IDS = (5, 60, 61, 62, 9, 100)


def export_adapter(run: Path, format: Format, out: Path, **options: Any) -> ExportedVariant:
    record = open_run(run)
    (variant,) = record.choose(["msm+sft"], 0)
    return export_variant(record, variant, record.base(), format, out, **options)


def our_logits(base: Path, adapter: Path | None) -> np.ndarray:
    """(T, V), by mlx-lm's own loader."""
    model = mlx_lm.load(str(base), adapter_path=str(adapter) if adapter else None)[0]
    return np.array(model(mx.array([list(IDS)]))[0].astype(mx.float32))


def export_for_trl(run: Path, arm: str, out: Path, **changes: Any) -> list[str]:
    if changes:
        recipe = load_values(run / "recipe.yaml")
        settings = small_settings(**changes).model_dump(mode="json", by_alias=True)
        (run / "recipe.yaml").write_text(dump(recipe | {"settings": settings}))
    record = open_run(run)
    (variant,) = record.choose([arm], 0)
    return export_data(record, variant, record.base(), out)


def quantised(folder: Path, out: Path, bits: int = 4) -> Path:
    """The model in `folder`, as `mlx_lm.convert --quantize` makes it."""
    model, _, config = mlx_lm.load(str(folder), return_config=True)
    model, config = mlx_lm.utils.quantize_model(model, config, group_size=32, bits=bits)
    mlx_lm.utils.save_model(out, model)
    mlx_lm.utils.save_config(config, out / "config.json")
    for path in folder.glob("*token*"):
        shutil.copy(path, out)
    for path in folder.glob("chat_template.jinja"):
        shutil.copy(path, out)
    return out
