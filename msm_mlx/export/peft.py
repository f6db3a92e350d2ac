"""Adapters in the layout of Hugging Face's `peft`, which transformers, vLLM and others read.

Both compute y + scale * x A B. mlx-lm keeps A as (inputs, rank) and B as (rank, outputs); peft keeps the transposes as
`lora_A.weight` and `lora_B.weight`, and the scale as `lora_alpha / r`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx

from msm_mlx.engine.adapters import LoraShape, load_arrays, save_arrays
from msm_mlx.errors import MsmError
from msm_mlx.files import write_json

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
PREFIX = "base_model.model."
SUFFIXES = {".lora_a": ".lora_A.weight", ".lora_b": ".lora_B.weight"}


def write_peft(
    folder: Path, weights: dict[str, mx.array], shape: LoraShape, *, base: str, revision: str | None
) -> None:
    """Write the adapter `weights`, named and laid as mlx-lm does, into `folder` for `peft`.

    Raises:
        MsmError: if a layer has no counterpart there: those of a mixture's experts, which mlx-lm keeps as one array.
    """
    converted = {}
    for name, value in weights.items():
        layer, dot, part = name.rpartition(".")
        if dot + part not in SUFFIXES or value.ndim != 2:
            raise MsmError(f"{name}: peft has no such layer ({value.ndim} dimensions); use --format mlx")
        converted[PREFIX + layer + SUFFIXES[dot + part]] = mx.contiguous(value.T)
    write_json(folder / CONFIG, peft_config(weights, shape, base, revision))
    save_arrays(folder / WEIGHTS, converted, {"format": "pt"})


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


def read_peft(folder: Path) -> tuple[dict[str, mx.array], LoraShape]:
    """An adapter that `write_peft` has written, named and laid as mlx-lm does."""
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    backwards = {theirs: ours for ours, theirs in SUFFIXES.items()}
    weights = {}
    for name, value in load_arrays(folder / WEIGHTS)[0].items():
        ending = next(theirs for theirs in backwards if name.endswith(theirs))
        weights[name.removeprefix(PREFIX).removesuffix(ending) + backwards[ending]] = mx.contiguous(value.T)
    return weights, LoraShape(int(config["r"]), config["lora_alpha"] / config["r"])
