"""How positions are scaled: what a GGUF file has of it, and what mlx-lm's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from msm_mlx.gguf_files.source import Floats, GgufSource

FACTORS = "rope_freqs.weight"
# of every published model with this scaling; the file has the factors and not what they were computed from
LLAMA3 = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
_PLAIN_YARN = {"yarn_ext_factor": 1.0, "yarn_attn_factor": 1.0, "yarn_beta_fast": 32.0, "yarn_beta_slow": 1.0}

_YARN = {"beta_fast": 32, "beta_slow": 1, "mscale": 1, "mscale_all_dim": 0}  # mlx-lm's, which are llama.cpp's too
_YARN_CONTEXT = 4096  # mlx-lm's, where the configuration does not say it


def rope_scaling(source: GgufSource, base: float, dimensions: int) -> dict[str, Any] | None:
    """The `rope_scaling` of the configuration, None without any.

    Raises:
        SetupError: if it is of a kind that mlx-lm does not have, or cannot be told from the file.
    """
    if FACTORS in source.tensors:
        return _llama3(source, base, dimensions)
    kind, factor = source.value("rope.scaling.type", "none"), float(source.value("rope.scaling.factor", 1.0))
    if kind == "none" or factor == 1.0:
        return None
    if kind == "linear":
        return {"rope_type": "linear", "type": "linear", "factor": factor}
    if kind == "yarn" and _is_plain_yarn(source):
        length = int(source.need("rope.scaling.original_context_length"))
        return {"rope_type": "yarn", "type": "yarn", "factor": factor, "original_max_position_embeddings": length}
    raise source.problem(
        f"scales its positions as {kind} with settings that mlx-lm does not have", "choose another model"
    )


def rope_metadata(scaling: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the metadata say of a `rope_scaling` of the configuration, the way back from `rope_scaling`. Llama 3's is
    said by a tensor, which `llama3_factors` computes. None of what a file cannot say."""
    scaling = scaling or {}
    kind = scaling.get("type") or scaling.get("rope_type", "default")
    if kind in ("default", "llama3"):
        return {}
    if kind not in ("linear", "yarn") or not all(scaling.get(name, value) == value for name, value in _YARN.items()):
        return None
    values = {"type": kind, "factor": float(scaling["factor"])}
    if kind == "yarn":
        values["original_context_length"] = int(scaling.get("original_max_position_embeddings", _YARN_CONTEXT))
    return {f"rope.scaling.{name}": value for name, value in values.items()}


def is_llama3(scaling: Mapping[str, Any] | None) -> bool:
    """Whether positions are scaled as in Llama 3."""
    scaling = scaling or {}
    return (scaling.get("type") or scaling.get("rope_type")) == "llama3"


def _is_plain_yarn(source: GgufSource) -> bool:
    return all(source.value(f"rope.scaling.{name}", value) == value for name, value in _PLAIN_YARN.items())


def _llama3(source: GgufSource, base: float, dimensions: int) -> dict[str, Any] | None:
    factors = source.tensors[FACTORS].read().ravel()  # (dimensions / 2,)
    factor = float(factors.max())
    if factor == 1.0:
        return None
    scaling: dict[str, Any] = {"rope_type": "llama3", "factor": factor} | LLAMA3
    expected = llama3_factors(base, dimensions, scaling)
    if factors.shape != expected.shape or not np.allclose(factors, expected, rtol=1e-4):
        problem = f"{FACTORS} does not follow from a factor of {factor:g} and the settings of Llama 3"
        raise source.problem(problem, "choose another model")
    return scaling


def llama3_factors(base: float, dimensions: int, scaling: Mapping[str, Any]) -> Floats:
    """What the wavelength of each pair of dimensions is multiplied with: (dimensions / 2,).

    As transformers' `_compute_llama3_parameters` has it.
    """
    wavelengths = 2 * np.pi * base ** (np.arange(0, dimensions, 2, dtype=np.float32) / dimensions)
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    smooth = (scaling["original_max_position_embeddings"] / wavelengths - low) / (high - low)
    smooth = np.clip(smooth, 0.0, 1.0)
    return np.asarray(1 / ((1 - smooth) / scaling["factor"] + smooth), np.float32)
