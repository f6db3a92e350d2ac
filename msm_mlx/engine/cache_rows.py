"""mlx-lm's caches of rows of equal length, which need no padding: reading rows, and taking some of them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_map
from mlx_lm.models.cache import make_prompt_cache

PREFILL_STEP = 512  # tokens of a row read at once: the larger, the more memory, and no faster (mlx-lm issue 1781)

Cache = list[Any]
"""The caches of mlx-lm, one for each layer that has one."""


def take_rows(cache: Cache, rows: Sequence[int]) -> Cache:
    """A cache of the given rows, each as often as it is given. An empty cache has no rows and stays empty."""
    layers = [copy.copy(layer) for layer in cache]
    index = mx.array(list(rows))
    for layer in layers:
        if not layer.empty():
            layer.state = tree_map(lambda part: part[index] if isinstance(part, mx.array) else part, layer.state)
    return layers


def read_rows(
    forward: Callable[[mx.array, Cache], object],
    rows: Sequence[Sequence[int]],
    cache: Cache,
    step: int = PREFILL_STEP,
) -> Cache:
    """Put rows of equal length through the model, and return `cache` with what they add to it."""
    ids = mx.array([list(row) for row in rows])  # (B, T)
    for start in range(0, ids.shape[-1] if ids.ndim == 2 else 0, step):
        forward(ids[:, start : start + step], cache)
        mx.eval([layer.state for layer in cache])
    return cache


def read_prefix(model: nn.Module, prefix: Sequence[int], step: int = PREFILL_STEP) -> Cache:
    """The cache of a model that has read `prefix` and nothing else: one row."""
    return read_rows(lambda ids, cache: model(ids, cache=cache), [prefix], make_prompt_cache(model), step)
