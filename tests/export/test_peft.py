"""Adapters in the layout of peft answer in PyTorch as they do here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from helpers.exports import IDS, export_adapter, our_logits
from helpers.trained_runs import SHAPE

from msm_mlx.errors import MsmError
from msm_mlx.export.peft import target_modules, write_peft

pytestmark = pytest.mark.slow

MakeTrained = Callable[..., Path]


@pytest.mark.filterwarnings("ignore::FutureWarning:transformers")  # peft asks for what transformers renames
@pytest.mark.parametrize("model", ["pocket", "llama", "qwen3"])
def test_peft_and_transformers_give_the_same_logits(model: str, trained_run: MakeTrained, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    peft, transformers = pytest.importorskip("peft"), pytest.importorskip("transformers")
    run = trained_run(model)
    export_adapter(run, "peft", tmp_path / "out")
    base = json.loads((tmp_path / "out" / "adapter_config.json").read_text())["base_model_name_or_path"]
    network = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    network = peft.PeftModel.from_pretrained(network, str(tmp_path / "out")).eval()
    with torch.no_grad():
        theirs = network(torch.tensor([list(IDS)])).logits[0].numpy()
    ours = our_logits(Path(base), run / "adapters" / "msm+sft-s0")
    assert np.abs(ours - our_logits(Path(base), None)).max() > 0.1
    assert np.abs(ours - theirs).max() < 1e-4 * max(np.abs(ours).max(), 1)


def test_layers_without_a_counterpart_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MsmError, match=r"experts\.lora_a: peft has no such layer \(3 dimensions\); use --format mlx"):
        write_peft(tmp_path, {"experts.lora_a": mx.zeros((2, 3, 4))}, SHAPE, base="b", revision=None)
    assert target_modules({"model.layers.0.mlp.up_proj.lora_a": mx.zeros(1)}) == ["up_proj"]
