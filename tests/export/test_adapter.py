"""What is exported answers as the run does, in mlx-lm and in PyTorch."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import cast

import mlx.core as mx
import mlx_lm
import numpy as np
import pytest
from helpers.architectures import save_architecture
from helpers.exports import export_adapter, our_logits, quantised
from helpers.tiny_models import POCKET_WEIGHTS
from mlx.utils import tree_flatten

from msm_mlx.engine.adapter_files import WEIGHTS
from msm_mlx.engine.loaded_model import load_base
from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.export.adapter import FORMATS, Format
from msm_mlx.models.chat_template import BASE_TEMPLATE
from msm_mlx.runs.finished import open_run

pytestmark = pytest.mark.slow

MakeTrained = Callable[..., Path]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("model", ["pocket", "llama", "qwen3"])
def test_what_is_exported_answers_alike(model: str, format: Format, trained_run: MakeTrained, tmp_path: Path) -> None:
    run = trained_run(model)
    exported = export_adapter(run, format, tmp_path / "out")
    assert exported.difference <= 1e-4 * 20 < exported.effect
    base = open_run(run).base().folder
    expected = our_logits(base, run / "adapters" / "msm+sft-s0")
    if format == "fused":
        assert np.abs(our_logits(tmp_path / "out", None) - expected).max() < 2e-3
    if format == "mlx":
        assert our_logits(base, tmp_path / "out").tobytes() == expected.tobytes()


def test_of_a_mixture_the_experts_go_along_or_the_layout_is_refused_with_the_reason(
    trained_run: MakeTrained, tmp_path: Path
) -> None:
    run = trained_run("mixture", save_architecture(tmp_path / "base", "qwen3_moe"))
    for format in ("mlx", "fused"):
        exported = export_adapter(run, format, tmp_path / format)
        assert exported.difference <= 1e-4 < exported.effect
    assert any("switch_mlp" in name for name in cast("dict[str, mx.array]", mx.load(str(tmp_path / "mlx" / WEIGHTS))))
    with pytest.raises(MsmError, match=r"switch_mlp\.\w+\.lora_a: peft has no such layer .*; use --format mlx"):
        export_adapter(run, "peft", tmp_path / "peft")
    assert not (tmp_path / "peft").exists()


def test_a_fused_model_is_whole(trained_run: MakeTrained, tmp_path: Path) -> None:
    export_adapter(trained_run(), "fused", tmp_path / "out")
    fused, base = load_base(tmp_path / "out"), load_base(POCKET_WEIGHTS)
    assert fused.tokenizer.chat_template == base.tokenizer.chat_template
    assert [name for name, _ in tree_flatten(fused.model.parameters())] == [
        name for name, _ in tree_flatten(base.model.parameters())
    ]
    assert not (tmp_path / "out" / "provenance.json").exists()


def test_a_base_model_is_fused_with_the_template_that_it_was_trained_with(
    trained_run: MakeTrained, tmp_path: Path, tiny_model_folder: Callable[[str], Path]
) -> None:
    base = shutil.copytree(tiny_model_folder("llama"), tmp_path / "base")
    (base / "chat_template.jinja").unlink()
    export_adapter(trained_run("base", base), "fused", tmp_path / "out")
    assert mlx_lm.load(str(tmp_path / "out"))[1].chat_template == BASE_TEMPLATE


def test_rounding_in_half_precision_is_measured_against_the_effect(
    trained_run: MakeTrained, tmp_path: Path, tiny_model_folder: Callable[[str], Path]
) -> None:
    half = shutil.copytree(tiny_model_folder("llama"), tmp_path / "half")
    weights = cast("dict[str, mx.array]", mx.load(str(half / "model.safetensors")))
    narrow = {name: value.astype(mx.bfloat16) for name, value in weights.items()}
    mx.save_safetensors(str(half / "model.safetensors"), narrow, {"format": "mlx"})
    exported = export_adapter(trained_run("half", half), "fused", tmp_path / "out")
    assert 0 < exported.difference < 0.2 * exported.effect


def test_of_a_quantised_base_the_original_is_fused(
    trained_run: MakeTrained, tmp_path: Path, tiny_model_folder: Callable[[str], Path]
) -> None:
    run = trained_run("quantised", quantised(POCKET_WEIGHTS, tmp_path / "quantised"))
    with pytest.raises(RecipeError, match=r"is quantised, .* name the model that it was made from with --base"):
        export_adapter(run, "fused", tmp_path / "out")
    with pytest.raises(SetupError, match="was not made of it: its hidden_size is 16 and not 128"):
        export_adapter(run, "fused", tmp_path / "out", original_name=str(tiny_model_folder("llama")))
    assert not (tmp_path / "out").exists()

    exported = export_adapter(run, "fused", tmp_path / "out", original_name=str(POCKET_WEIGHTS))
    expected = our_logits(POCKET_WEIGHTS, run / "adapters" / "msm+sft-s0")
    assert exported.difference <= 1e-4 * 20 < exported.effect
    assert np.abs(our_logits(tmp_path / "out", None) - expected).max() < 2e-3
    assert "quantization" not in json.loads((tmp_path / "out" / "config.json").read_text())


def test_what_does_not_answer_alike_is_not_kept(trained_run: MakeTrained, tmp_path: Path) -> None:
    with pytest.raises(MsmError, match="not written: its logits would differ"):
        export_adapter(trained_run(), "peft", tmp_path / "out", tolerance=-1.0)
    assert os.listdir(tmp_path) == ["runs"]


def test_another_base_than_the_run_had_is_refused(trained_run: MakeTrained) -> None:
    run = trained_run()
    record = json.loads((run / "run.json").read_text())
    record["model"]["fingerprint"] = "0" * 64
    (run / "run.json").write_text(json.dumps(record))
    with pytest.raises(MsmError, match=r"its base pocket has changed since"):
        open_run(run).base()


@pytest.mark.parametrize(
    ("labels", "seed", "message"),
    [
        (["msm+stf"], None, r"has no trained arm msm\+stf \(did you mean msm\+sft\?\)"),
        (["x"], None, r"has no trained arm x; there are sft, msm, msm\+sft"),
        ([], 7, r"has no seed 7; there are 0$"),
    ],
)
def test_variants_that_are_not_there(
    labels: list[str], seed: int | None, message: str, trained_run: MakeTrained
) -> None:
    with pytest.raises(RecipeError, match=message):
        open_run(trained_run()).choose(labels, seed)


def test_seeds_and_specs_are_told_apart(trained_run: MakeTrained) -> None:
    record = open_run(trained_run("llama", specs=["a", "b"], seeds=[0, 3]))
    assert [each.id for each in record.choose(["msm@b", "sft"], None)] == [
        "sft-s0", "sft-s3", "msm@b-s0", "msm@b-s3",
    ]  # fmt: skip
    assert [each.id for each in record.choose(["msm@b"], 3)] == ["msm@b-s3"]
