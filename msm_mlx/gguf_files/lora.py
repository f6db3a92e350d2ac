"""LoRA adapters as GGUF files, which llama.cpp puts on a base that it already has.

llama.cpp keeps A as (rank, inputs) and B as (outputs, rank), with the rows of B in its own order where it has changed
that of the layer, and computes with alpha / rank as the scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from msm_mlx.gguf_files.architectures import ARCHITECTURES, Architecture, Metadata
from msm_mlx.gguf_files.from_mlx import REMEDY
from msm_mlx.gguf_files.source import Floats, GgufError, GgufSource, SourceTensor, open_source
from msm_mlx.gguf_files.weights import gguf_name, halves_of_heads, interleaved_heads, mlx_name, neighbours_of_heads
from msm_mlx.gguf_files.write import write_source

FACTORS = (".lora_a", ".lora_b")
_ALPHA = "adapter.lora.alpha"


def describe_lora(
    path: Path, architecture: str, settings: Mapping[str, Any], weights: Mapping[str, Floats], alpha: float, name: str
) -> GgufSource:
    """What the file at `path` is to hold: the adapter `weights`, named and laid as mlx-lm does.

    Args:
        architecture: llama.cpp's name of that of the base.
        settings: mlx-lm's of the base.
        alpha: rank times scale.
        name: what the file calls itself.

    Raises:
        GgufError: if llama.cpp has no place for a layer.
    """
    kind = ARCHITECTURES[architecture]
    tensors = [_tensor(each, value, kind, dict(settings), path) for each, value in weights.items()]
    metadata: Metadata = {"general.architecture": architecture, "general.type": "adapter", "general.name": name}
    metadata |= {"adapter.type": "lora", _ALPHA: float(alpha)}
    return GgufSource(path, metadata, {tensor.name: tensor for tensor in tensors})


def write_lora(source: GgufSource) -> None:
    """Write the file, in 32 bits."""
    write_source(source, source.path, None)


def read_lora(path: Path, settings: Mapping[str, Any]) -> tuple[dict[str, Floats], float]:
    """The weights of an adapter, named and laid as mlx-lm does, and its alpha."""
    source = open_source(path)
    kind = ARCHITECTURES[source.architecture]
    weights = {}
    for tensor in source.tensors.values():
        stem, ending = _split(tensor.name)
        name = mlx_name(stem, kind)
        if name is None:
            raise source.problem(f"its tensor {tensor.name} has no place in mlx-lm's {source.architecture}")
        heads, values = interleaved_heads(name, kind, dict(settings)), tensor.read()
        if heads and ending == ".lora_b":
            values = halves_of_heads(values, heads)
        weights[name.removesuffix(".weight") + ending] = np.ascontiguousarray(values.T)
    return weights, float(source.metadata[_ALPHA])


def _tensor(name: str, value: Floats, architecture: Architecture, settings: dict[str, Any], path: Path) -> SourceTensor:
    stem, ending = _split(name)
    theirs = gguf_name(f"{stem}.weight", architecture)
    if theirs is None or value.ndim != 2 or not ending:
        raise GgufError(path, f"llama.cpp has no place for {name}", REMEDY)
    heads = interleaved_heads(f"{stem}.weight", architecture, settings)
    rows = np.ascontiguousarray(value.T, np.float32)
    laid = neighbours_of_heads(rows, heads) if heads and ending == ".lora_b" else rows
    return SourceTensor(f"{theirs}{ending}", laid.shape, "F32", lambda: laid)


def _split(name: str) -> tuple[str, str]:
    """The layer, and which factor of its adapter; nothing in the place of that if it is none."""
    ending = next((each for each in FACTORS if name.endswith(each)), "")
    return name.removesuffix(ending), ending
