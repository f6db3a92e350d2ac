"""Attention of many rows to one beginning that all of them share: its keys and values are there once, not once a row.

mlx-lm merges caches by copying, so that a step reads the beginning once for every row. Here the scores of all rows
against it are one matrix product, and joined to those against the rest of each row as in online softmax (Milakov &
Gimelshein 2018; for shared prefixes Juravsky et al. 2024, "Hydragen").
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.models.cache import BatchKVCache, KVCache

ATTENTION = "scaled_dot_product_attention"  # what mlx-lm's models call, by this name in their module


@dataclass(frozen=True)
class Prefix:
    """Keys and values (1, H, P, D) of one layer after the shared beginning."""

    keys: mx.array
    values: mx.array

    @property
    def length(self) -> int:
        return int(self.keys.shape[2])

    def __deepcopy__(self, memo: dict[int, Any]) -> Prefix:
        """Itself: mlx-lm copies the caches of rows that go from reading to writing."""
        return self


class PrefixedCache(BatchKVCache):  # type: ignore[misc]  # mlx_lm has no types
    """Keys and values (B, H, S, D) of what follows a prefix that all rows share."""

    def __init__(self, prefix: Prefix, rows: int) -> None:
        super().__init__([0] * rows)
        self.prefix = prefix
        self.offset: mx.array = mx.full((rows,), prefix.length)  # positions count from the start of the prefix

    def extract(self, idx: int) -> KVCache:
        """Nothing: no caller goes on with the cache of a finished row."""
        return KVCache()


class PrefixedRow(KVCache):  # type: ignore[misc]
    """A row that has read the prefix and nothing else, as `BatchGenerator` takes it."""

    def __init__(self, prefix: Prefix) -> None:
        super().__init__()
        self.prefix = prefix

    @classmethod
    def merge(cls, rows: Sequence[PrefixedRow]) -> PrefixedCache:
        return PrefixedCache(rows[0].prefix, len(rows))


def shared_row(model: nn.Module, prefix: Sequence[KVCache]) -> list[PrefixedRow] | None:
    """The cache of a row after `prefix`; None if the model attends in some way that cannot share it."""
    module = sys.modules[type(model).__module__]
    if not hasattr(module, ATTENTION) or any(type(layer) is not KVCache for layer in prefix):
        return None
    rows = [PrefixedRow(Prefix(*map(mx.contiguous, layer.keys_and_values()))) for layer in prefix]
    calls: list[int] = []
    with attending(model, calls):
        mx.eval(model(mx.zeros((1, 1), mx.int32), cache=[PrefixedRow.merge([row]) for row in rows]))
    return rows if len(calls) == len(rows) else None  # each layer has to have asked


@contextmanager
def attending(model: nn.Module, calls: list[int] | None = None) -> Iterator[None]:
    """While it lasts, the model's attention knows of `PrefixedCache`. For other caches nothing changes."""
    module: Any = sys.modules[type(model).__module__]
    original = getattr(module, ATTENTION, None)

    def attend(queries: mx.array, keys: mx.array, values: mx.array, cache: Any, **options: Any) -> mx.array:
        if not isinstance(cache, PrefixedCache):
            assert original is not None
            attended: mx.array = original(queries, keys, values, cache=cache, **options)
            return attended
        if calls is not None:
            calls.append(queries.shape[0])
        if queries.shape[2] == 1 and options.get("sinks") is None:
            return _one_token(queries, keys, values, cache.prefix, options["scale"], options["mask"])
        return _several_tokens(queries, keys, values, cache.prefix, options)

    if original is not None:
        setattr(module, ATTENTION, attend)
    try:
        yield
    finally:
        if original is not None:
            setattr(module, ATTENTION, original)


def _one_token(
    queries: mx.array, keys: mx.array, values: mx.array, prefix: Prefix, scale: float, mask: mx.array | None
) -> mx.array:
    """(B, Hq, 1, D) from queries of that shape, keys and values (B, H, S, D), and a mask (B, 1, 1, S)."""
    rows, heads, groups = queries.shape[0], keys.shape[1], queries.shape[1] // keys.shape[1]
    queries = queries.reshape(rows, heads, groups, -1) * scale
    flat = queries.transpose(1, 0, 2, 3).reshape(1, heads, rows * groups, -1)
    shared = (flat @ prefix.keys.swapaxes(-1, -2)).astype(mx.float32)  # (1, H, B * G, P)
    own = (queries @ keys.swapaxes(-1, -2)).astype(mx.float32)  # (B, H, G, S)
    if mask is not None:
        own = mx.where(mask, own, -mx.inf)

    def by_row(x: mx.array) -> mx.array:
        return x.reshape(heads, rows, groups, -1).transpose(1, 0, 2, 3)

    def by_head(x: mx.array) -> mx.array:
        return x.transpose(1, 0, 2, 3).reshape(1, heads, rows * groups, -1)

    top = mx.maximum(by_row(shared.max(-1, keepdims=True)), own.max(-1, keepdims=True))  # (B, H, G, 1)
    shared, own = mx.exp(shared - by_head(top)), mx.exp(own - top)
    total = by_row(shared.sum(-1, keepdims=True)) + own.sum(-1, keepdims=True)
    mixed = by_row(shared.astype(prefix.values.dtype) @ prefix.values) + own.astype(values.dtype) @ values
    return (mixed / total).astype(values.dtype).reshape(rows, heads * groups, 1, -1)


def _several_tokens(
    queries: mx.array, keys: mx.array, values: mx.array, prefix: Prefix, options: dict[str, Any]
) -> mx.array:
    """(B, Hq, L, D): the prefix stands before the keys of each row, in one layer at a time."""
    rows = queries.shape[0]

    def whole(before: mx.array, part: mx.array) -> mx.array:
        return mx.concatenate([mx.broadcast_to(before, (rows, *before.shape[1:])), part], axis=2)

    mask = options.pop("mask")
    if isinstance(mask, mx.array):  # (B, 1, L, S)
        mask = mx.concatenate([mx.ones((*mask.shape[:-1], prefix.length), mask.dtype), mask], axis=-1)
    return mx.fast.scaled_dot_product_attention(
        queries, whole(prefix.keys, keys), whole(prefix.values, values), mask=mask, **options
    )
