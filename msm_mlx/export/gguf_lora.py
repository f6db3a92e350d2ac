"""A variant's adapter as a GGUF file, for a base that llama.cpp already has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from msm_mlx.engine.adapters import LoraShape
from msm_mlx.export.language_model import PREFIX, kind_of, settings_of
from msm_mlx.gguf_files.from_mlx import architecture_name
from msm_mlx.gguf_files.lora import describe_lora, read_lora, write_lora


def write_gguf_lora(path: Path, model: nn.Module, weights: dict[str, mx.array], shape: LoraShape, name: str) -> None:
    """Write the adapter `weights` of `model`, named and laid as mlx-lm does, to the file `path`.

    Raises:
        GgufError: if the model is of no architecture that can be written.
    """
    text: Any = getattr(model, PREFIX[:-1], model)
    arrays = {key.removeprefix(PREFIX): np.array(value.astype(mx.float32)) for key, value in weights.items()}
    architecture = architecture_name(kind_of(text), path)
    write_lora(describe_lora(path, architecture, settings_of(text), arrays, shape.rank * shape.scale, name))


def read_gguf_lora(path: Path, model: nn.Module) -> tuple[dict[str, mx.array], LoraShape]:
    """An adapter of `model` that `write_gguf_lora` has written."""
    text = getattr(model, PREFIX[:-1], model)
    prefix = PREFIX if text is not model else ""
    arrays, alpha = read_lora(path, settings_of(text))
    rank = next(value.shape[1] for name, value in arrays.items() if name.endswith(".lora_a"))
    return {prefix + name: mx.array(value) for name, value in arrays.items()}, LoraShape(rank, alpha / rank)
