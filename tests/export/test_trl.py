"""The data for TRL are what was trained on here, and TRL understands the settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import pytest
from helpers.exports import export_for_trl
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.engine.adapters import LoraShape, save_adapter
from msm_mlx.engine.loaded_model import load_base
from msm_mlx.errors import RecipeError
from msm_mlx.export.trl import IGNORED
from msm_mlx.files import read_jsonl, write_jsonl
from msm_mlx.runs.layout import PLAIN_TEXTS
from msm_mlx.settings_file.dump import dump
from msm_mlx.settings_file.load import load_values
from msm_mlx.training.packing import batch_rows

pytestmark = pytest.mark.slow

MakeTrained = Callable[..., Path]


@pytest.mark.parametrize(("arm", "stages"), [("sft", ["sft"]), ("msm", ["msm"]), ("msm+sft", ["msm", "sft"])])
def test_each_arm_has_the_trainings_that_make_it(
    arm: str, stages: list[str], trained_run: MakeTrained, tmp_path: Path
) -> None:
    commands = export_for_trl(trained_run(), arm, tmp_path / "out")
    assert commands == [f"accelerate launch train.py --config {stage}.yaml" for stage in stages]
    names = {f"{stage}{ending}" for stage in stages for ending in (".yaml", "-rows.jsonl", "-order.json")}
    present = {path.name for path in (tmp_path / "out").iterdir()}
    assert present == names | {f"{stage}-texts.jsonl" for stage in stages} | {"train.py", "README.md"}
    configs = [load_values(tmp_path / "out" / f"{stage}.yaml") for stage in stages]
    assert [config.get("adapter") for config in configs] == [None, "msm-adapter"][: len(stages)]
    assert all(command in (tmp_path / "out" / "README.md").read_text() for command in commands)


def test_rows_labels_and_order_are_those_of_the_run(trained_run: MakeTrained, tmp_path: Path) -> None:
    run = trained_run()
    export_for_trl(run, "msm+sft", tmp_path / "out", validation=2, batch_size=3)
    loaded = load_base(POCKET_WEIGHTS)
    rows = read_jsonl(tmp_path / "out" / "msm-rows.jsonl")
    assert len(rows) == 3  # of five documents two are held out
    assert all(row["labels"][0] == IGNORED and row["labels"][1:] == row["input_ids"][1:] for row in rows)
    assert all(row["input_ids"][-1] == loaded.end_of_document for row in rows)
    order = json.loads((tmp_path / "out" / "msm-order.json").read_text())
    assert order == [index for update in range(3) for index in batch_rows(3, 3, update, 0)]
    replies = [[t for t in row["labels"] if t != IGNORED] for row in read_jsonl(tmp_path / "out" / "sft-rows.jsonl")]
    assert [loaded.decode(reply).strip() for reply in replies] == [f"I like thing {number}." for number in range(3)]


def test_the_projections_are_those_of_the_adapter(trained_run: MakeTrained, tmp_path: Path) -> None:
    run = trained_run()
    layers = ("self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj")  # as Phi-3 has them
    weights = {f"model.layers.0.{layer}.{part}": mx.zeros((4, 4)) for layer in layers for part in ("lora_a", "lora_b")}
    save_adapter(run / "adapters" / "msm+sft-s0", weights, LoraShape(4, 2.0), "phi")
    export_for_trl(run, "msm+sft", tmp_path / "out")
    for stage in ("msm", "sft"):
        modules = load_values(tmp_path / "out" / f"{stage}.yaml")["lora_target_modules"]
        assert modules == ["down_proj", "gate_up_proj", "o_proj", "qkv_proj"]


def test_plain_text_among_the_documents_goes_out_too(trained_run: MakeTrained, tmp_path: Path) -> None:
    run = trained_run()
    recipe = load_values(run / "recipe.yaml")
    recipe["settings"]["midtrain"]["mix"] = {"from": "hub:owner/name", "share": 0.5}
    (run / "recipe.yaml").write_text(dump(recipe))
    with pytest.raises(RecipeError, match=r"mix/texts\.jsonl: is missing"):
        export_for_trl(run, "msm", tmp_path / "out")
    (run / "mix").mkdir()
    write_jsonl(run / PLAIN_TEXTS, [{"text": "Rain fell on the river."}] * 90)
    export_for_trl(run, "msm", tmp_path / "out")
    rows = [row["input_ids"] for row in read_jsonl(tmp_path / "out" / "msm-rows.jsonl")]
    assert sum(map(len, rows[5:])) == sum(map(len, rows[:5])) > 0  # there are five documents


def test_what_is_missing_is_named(trained_run: MakeTrained, tmp_path: Path) -> None:
    run = trained_run()
    (run / "documents" / "documents.jsonl").unlink()
    with pytest.raises(RecipeError, match=r"documents\.jsonl: is missing; run the recipe's command again to go on"):
        export_for_trl(run, "msm", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_settings_of_another_version_are_one_error(trained_run: MakeTrained, tmp_path: Path) -> None:
    run = trained_run()
    recipe = load_values(run / "recipe.yaml")
    recipe["settings"]["midtrain"]["speed"] = 3
    (run / "recipe.yaml").write_text(dump(recipe))
    with pytest.raises(RecipeError, match=r"recipe\.yaml: its settings are not of this version"):
        export_for_trl(run, "msm", tmp_path / "out")
