"""The shapes of a model's layers, as the headers of its weights have them. Imports no mlx."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msm_mlx.models.config import text_config
from msm_mlx.models.safetensors_header import read_header

_PACKED_BITS = 32  # of the integers that hold quantised weights
_CONTAINER = re.compile(r"(^|\.)language_model\.")


def plain_name(name: str) -> str:
    """The name of a layer or tensor without what holds the text model in a model that reads images too: whether that
    stands there, and where, differs between mlx-lm and the releases of transformers."""
    return _CONTAINER.sub(r"\1", name)


def linear_layers(folder: Path) -> dict[str, tuple[int, int]]:
    """Inputs and outputs of each layer with a matrix of weights in the model in `folder`, by its plain name, as if none
    were quantised; empty where the files do not say."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        quantization = config.get("quantization") or text_config(config).get("quantization") or {}
        return {
            plain_name(name.removesuffix(".weight")): _shape(tensor, name.removesuffix(".weight"), quantization)
            for path in sorted(folder.glob("model*.safetensors"))
            for name, tensor in read_header(path).items()
            if name.endswith(".weight") and len(tensor["shape"]) == 2
        }
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return {}  # whoever loads the model says what is wrong with it


def _shape(tensor: Mapping[str, Any], layer: str, quantization: Mapping[str, Any]) -> tuple[int, int]:
    outputs, columns = tensor["shape"]
    if tensor["dtype"] != "U32":
        return columns, outputs
    own = quantization.get(layer)  # some layers are quantised in a way of their own
    bits = (own if isinstance(own, Mapping) else quantization)["bits"]
    return columns * _PACKED_BITS // bits, outputs
