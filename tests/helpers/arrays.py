"""Trees of arrays: taken apart, and compared to the bit or within a tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten

from msm_mlx.engine.loaded_model import LoadedModel


def flat(tree: Any) -> dict[str, mx.array]:
    pairs: Any = tree_flatten(tree)
    return dict(pairs)


def logits_of(loaded: LoadedModel, ids: Sequence[int] = (5, 60, 61, 62, 9, 100)) -> np.ndarray:
    """(1, T, V)."""
    return np.array(loaded.model(mx.array([list(ids)])).astype(mx.float32))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis, in double precision."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    result: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def same_bits(a: dict[str, mx.array], b: dict[str, mx.array]) -> bool:
    """Whether both hold the same arrays, to the last bit."""
    return a.keys() == b.keys() and all(
        a[name].dtype == b[name].dtype and np.array(a[name]).tobytes() == np.array(b[name]).tobytes() for name in a
    )


def close(a: mx.array, b: mx.array, relative: float) -> bool:
    """Whether no element differs by more than `relative` of the largest."""
    first, second = (np.array(array.astype(mx.float32)) for array in (a, b))
    return bool(np.abs(first - second).max() <= relative * max(np.abs(second).max(), 1e-30))
