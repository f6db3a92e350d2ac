"""Adapters as other programs leave them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx

LAYER = "model.layers.0.self_attn.q_proj"
MLX = {
    "fine_tune_type": "lora",
    "num_layers": 1,
    "lora_parameters": {"rank": 2, "scale": 10.0, "dropout": 0.0},
    "model": "someone/tiny",
}
PEFT: dict[str, Any] = {
    "peft_type": "LORA",
    "base_model_name_or_path": "someone/tiny",
    "r": 2,
    "lora_alpha": 4,
    "bias": "none",
    "use_rslora": False,
    "use_dora": False,
    "modules_to_save": None,
    "rank_pattern": {},
    "init_lora_weights": True,
    "megatron_core": "megatron.core",
}


def factors(layer: str = LAYER, inputs: int = 16, outputs: int = 16, rank: int = 2) -> dict[str, mx.array]:
    """Noise, named and laid as mlx-lm does."""
    keys = mx.random.split(mx.random.key(len(layer)))
    return {
        f"{layer}.lora_a": mx.random.normal((inputs, rank), key=keys[0]),
        f"{layer}.lora_b": mx.random.normal((rank, outputs), key=keys[1]),
    }


def in_peft(weights: dict[str, mx.array], prefix: str = "base_model.model.", name: str = "") -> dict[str, mx.array]:
    """The same as `peft` names and lays them."""
    ends = {".lora_a": f".lora_A{name}.weight", ".lora_b": f".lora_B{name}.weight"}
    return {f"{prefix}{key[:-7]}{ends[key[-7:]]}": mx.contiguous(value.T) for key, value in weights.items()}


def write_mlx(folder: Path, weights: dict[str, mx.array] | None = None, **changes: Any) -> Path:
    """An adapter in mlx-lm's layout."""
    return _write(folder, MLX | changes, "adapters.safetensors", factors() if weights is None else weights)


def write_as_peft(folder: Path, weights: dict[str, mx.array] | None = None, **changes: Any) -> Path:
    """An adapter in the layout of `peft`; `weights` are as they are there."""
    content = in_peft(factors()) if weights is None else weights
    return _write(folder, PEFT | changes, "adapter_model.safetensors", content)


def _write(folder: Path, config: dict[str, Any], name: str, weights: dict[str, mx.array]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps(config))
    mx.save_safetensors(str(folder / name), weights)
    return folder
