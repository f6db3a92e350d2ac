"""The script that goes with an export trains in TRL as msm-mlx does."""

from __future__ import annotations

import subprocess
import sys
from ast import literal_eval
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import mlx.core as mx
import pytest
from helpers.command_line import environment
from helpers.exports import export_for_trl
from helpers.tiny_models import POCKET_WEIGHTS
from helpers.trained_runs import small_settings

from msm_mlx.engine.adapters import LoraShape, add_lora
from msm_mlx.engine.loaded_model import load_base
from msm_mlx.export.trl import IGNORED
from msm_mlx.files import read_jsonl
from msm_mlx.settings_file.load import load_values
from msm_mlx.training.metrics import Update
from msm_mlx.training.tokenize import TokenRow
from msm_mlx.training.trainer import TrainingCallbacks, train

pytestmark = pytest.mark.slow

MakeTrained = Callable[..., Path]


def test_trl_knows_every_key(trained_run: MakeTrained, tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    export_for_trl(trained_run(), "msm+sft", tmp_path / "out")
    known = {field.name for kind in (trl.SFTConfig, trl.ModelConfig) for field in fields(kind)}
    for stage in ("msm", "sft"):
        config = load_values(tmp_path / "out" / f"{stage}.yaml")
        assert config.keys() - known <= {"rows", "order", "adapter"}


def test_trl_learns_as_we_do(trained_run: MakeTrained, tmp_path: Path) -> None:
    """The same losses of the first updates: the same rows, labels, order, scaling, optimiser and learning rate."""
    pytest.importorskip("trl")
    out = tmp_path / "out"
    export_for_trl(trained_run(), "msm", out)
    done = subprocess.run(
        [sys.executable, "train.py", "--config", "msm.yaml", "--save_strategy", "no"],
        cwd=out, env=environment(HF_HOME=str(tmp_path / "hf")), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (out / "msm-adapter" / "adapter_model.safetensors").exists()
    told = [literal_eval(line) for line in done.stdout.splitlines() if line.startswith("{'loss'")]
    theirs, ours = [float(each["loss"]) for each in told], our_losses(out, tmp_path)
    assert theirs == pytest.approx(ours, rel=0.05)  # fresh adapters differ by chance
    assert theirs[0] == pytest.approx(ours[0], rel=1e-3)


def our_losses(out: Path, folder: Path) -> list[float]:
    rows = [
        TokenRow(tuple(row["input_ids"]), tuple(label != IGNORED for label in row["labels"]), number)
        for number, row in enumerate(read_jsonl(out / "msm-rows.jsonl"))
    ]
    loaded, updates = load_base(POCKET_WEIGHTS), list[Update]()
    mx.random.seed(0)
    add_lora(loaded.model, LoraShape(4, 2.0), 0)
    wanted = small_settings().midtrain
    train(loaded.model, rows, wanted, seed=0, checkpoint=folder / "none", callbacks=TrainingCallbacks(updates.append))
    return [update.loss for update in updates]
