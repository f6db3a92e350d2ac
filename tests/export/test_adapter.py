"""What is exported answers as the run does, in mlx-lm and in PyTorch."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import mlx_lm
import numpy as np
import pytest
from helpers.tiny_models import POCKET_WEIGHTS
from helpers.trained_runs import SHAPE
from mlx.utils import tree_flatten

from msm_mlx.engine.loaded_model import load_base
from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.export.adapter import FORMATS, Exported, Format, export_variant
from msm_mlx.export.peft import target_modules, write_peft
from msm_mlx.models.chat_template import BASE_TEMPLATE
from msm_mlx.runs.finished import open_run

pytestmark = pytest.mark.slow

MakeTrained = Callable[..., Path]
IDS = (5, 60, 61, 62, 9, 100)


def export(run: Path, format: Format, out: Path, **options: Any) -> Exported:
    record = open_run(run)
    (variant,) = record.choose(["msm+sft"], 0)
    return export_variant(record, variant, record.base(), format, out, **options)


def our_logits(base: Path, adapter: Path | None) -> np.ndarray:
    """(T, V), by mlx-lm's own loader."""
    model = mlx_lm.load(str(base), adapter_path=str(adapter) if adapter else None)[0]
    return np.array(model(mx.array([list(IDS)]))[0].astype(mx.float32))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("model", ["pocket", "llama", "qwen3"])
def test_what_is_exported_answers_alike(model: str, format: Format, trained_run: MakeTrained, tmp_path: Path) -> None:
    run = trained_run(model)
    exported = export(run, format, tmp_path / "out")
    assert exported.difference <= 1e-4 * 20 < exported.effect
    base = open_run(run).base().folder
    expected = our_logits(base, run / "adapters" / "msm+sft-s0")
    if format == "fused":
        assert np.abs(our_logits(tmp_path / "out", None) - expected).max() < 2e-3
    if format == "mlx":
        assert our_logits(base, tmp_path / "out").tobytes() == expected.tobytes()


@pytest.mark.filterwarnings("ignore::FutureWarning:transformers")  # peft asks for what transformers renames
@pytest.mark.parametrize("model", ["pocket", "llama", "qwen3"])
def test_peft_and_transformers_give_the_same_logits(model: str, trained_run: MakeTrained, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    peft, transformers = pytest.importorskip("peft"), pytest.importorskip("transformers")
    run = trained_run(model)
    export(run, "peft", tmp_path / "out")
    base = json.loads((tmp_path / "out" / "adapter_config.json").read_text())["base_model_name_or_path"]
    network = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    network = peft.PeftModel.from_pretrained(network, str(tmp_path / "out")).eval()
    with torch.no_grad():
        theirs = network(torch.tensor([list(IDS)])).logits[0].numpy()
    ours = our_logits(Path(base), run / "adapters" / "msm+sft-s0")
    assert np.abs(ours - our_logits(Path(base), None)).max() > 0.1
    assert np.abs(ours - theirs).max() < 1e-4 * max(np.abs(ours).max(), 1)


def test_a_fused_model_is_whole(trained_run: MakeTrained, tmp_path: Path) -> None:
    export(trained_run(), "fused", tmp_path / "out")
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
    export(trained_run("base", base), "fused", tmp_path / "out")
    assert mlx_lm.load(str(tmp_path / "out"))[1].chat_template == BASE_TEMPLATE


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
    assert export(run, "peft", tmp_path / "out", named="me/original").difference < 1e-5
    assert (
        json.loads((tmp_path / "out" / "adapter_config.json").read_text())["base_model_name_or_path"] == "me/original"
    )


def test_rounding_in_half_precision_is_measured_against_the_effect(
    trained_run: MakeTrained, tmp_path: Path, tiny_model_folder: Callable[[str], Path]
) -> None:
    half = shutil.copytree(tiny_model_folder("llama"), tmp_path / "half")
    weights = cast("dict[str, mx.array]", mx.load(str(half / "model.safetensors")))
    narrow = {name: value.astype(mx.bfloat16) for name, value in weights.items()}
    mx.save_safetensors(str(half / "model.safetensors"), narrow, {"format": "mlx"})
    exported = export(trained_run("half", half), "fused", tmp_path / "out")
    assert 0 < exported.difference < 0.2 * exported.effect


def test_what_does_not_answer_alike_is_not_kept(trained_run: MakeTrained, tmp_path: Path) -> None:
    with pytest.raises(MsmError, match="not written: its logits would differ"):
        export(trained_run(), "peft", tmp_path / "out", tolerance=-1.0)
    assert os.listdir(tmp_path) == ["runs"]


def test_layers_without_a_counterpart_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MsmError, match=r"experts\.lora_a: peft has no such layer \(3 dimensions\); use --format mlx"):
        write_peft(tmp_path, {"experts.lora_a": mx.zeros((2, 3, 4))}, SHAPE, base="b", revision=None)
    assert target_modules({"model.layers.0.mlp.up_proj.lora_a": mx.zeros(1)}) == ["up_proj"]


def test_a_folder_that_is_there_is_left_alone(trained_run: MakeTrained, tmp_path: Path) -> None:
    run = trained_run()
    (tmp_path / "out").mkdir()
    with pytest.raises(RecipeError, match="is there already; remove it, or choose another folder with --out"):
        export(run, "mlx", tmp_path / "out")


def test_another_base_than_the_run_had_is_refused(trained_run: MakeTrained) -> None:
    run = trained_run()
    record = json.loads((run / "run.json").read_text())
    record["model"]["fingerprint"] = "0" * 64
    (run / "run.json").write_text(json.dumps(record))
    with pytest.raises(MsmError, match=r"the base model pocket has changed since .* was trained on it"):
        open_run(run).base()


@pytest.mark.parametrize(
    ("labels", "seed", "message"),
    [
        (["msm+stf"], None, r"no trained arm msm\+stf in .* \(did you mean msm\+sft\?\)"),
        (["x"], None, r"no trained arm x in .*; there are sft, msm, msm\+sft"),
        ([], 7, r"no seed 7 in .*; there are 0$"),
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
