"""Adapters in the layout of Hugging Face's `peft`, which transformers, vLLM and others read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx

from msm_mlx.engine.adapter_files import CONFIG, PEFT_WEIGHTS, name_in_peft
from msm_mlx.engine.adapters import LoraShape, save_arrays
from msm_mlx.errors import MsmError
from msm_mlx.files import write_json


def write_peft(
    folder: Path, weights: dict[str, mx.array], shape: LoraShape, *, base: str, revision: str | None
) -> None:
    """Write the adapter `weights`, named and laid as mlx-lm does, into `folder` for `peft`.

    Raises:
        MsmError: if a layer has no counterpart there: those of a mixture's experts, which mlx-lm keeps as one array.
    """
    converted = {}
    for name, value in weights.items():
        theirs = name_in_peft(name)
        if theirs is None or value.ndim != 2:
            raise MsmError(f"{name}: peft has no such layer ({value.ndim} dimensions); use --format mlx")
        converted[theirs] = mx.contiguous(value.T)
    write_json(folder / CONFIG, peft_config(weights, shape, base, revision))
    save_arrays(folder / PEFT_WEIGHTS, converted, {"format": "pt"})


def peft_config(weights: dict[str, mx.array], shape: LoraShape, base: str, revision: str | None) -> dict[str, Any]:
    """What `peft.LoraConfig` reads."""
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "revision": revision,
        "r": shape.rank,
        "lora_alpha": shape.rank * shape.scale,
        "lora_dropout": 0.0,
        "target_modules": target_modules(weights),
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
    }


def target_modules(weights: dict[str, mx.array]) -> list[str]:
    """The last names of the layers that have an adapter: `q_proj`, `down_proj` and the like."""
    return sorted({name.rpartition(".")[0].rpartition(".")[2] for name in weights})
