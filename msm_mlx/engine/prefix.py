"""Attention of many rows to a prefix that all of them share, whose keys and values are in memory once.

mlx-lm merges caches by copying, so that every step reads the prefix once for each row. Here the scores of all rows
against the prefix are one matrix product. They are combined with the scores against the rest of each row as in online
softmax (Milakov & Gimelshein 2018; for shared prefixes Juravsky et al. 2024, "Hydragen").

In shapes, B is rows, Hq query heads, H key-value heads, G = Hq / H, P the length of the prefix, S that of the rest.
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

ATTENTION = "scaled_dot_product_attention"  # the name by which the modules of mlx-lm's models call it


@dataclass(frozen=True)
class Prefix:
    """Keys and values (1, H, P, D) of one layer."""

    keys: mx.array
    values: mx.array

    @property
    def length(self) -> int:
        return int(self.keys.shape[2])

    def __deepcopy__(self, memo: dict[int, Any]) -> Prefix:
        """The same object: mlx-lm copies the caches of rows that go from prefill to decoding."""
        return self


class PrefixedCache(BatchKVCache):  # type: ignore[misc]  # mlx_lm has no types
    """Keys and values (B, H, S, D) of what follows the shared prefix."""

    def __init__(self, prefix: Prefix, rows: int) -> None:
        super().__init__([0] * rows)
        self.prefix = prefix
        self.offset: mx.array = mx.full((rows,), prefix.length)  # positions count from the start of the prefix

    def extract(self, idx: int) -> KVCache:
        """An empty cache: nothing here continues a row that has ended."""
        return KVCache()


class PrefixedRow(KVCache):  # type: ignore[misc]
    """The cache of a row that has read the prefix and nothing else, in the form that `BatchGenerator` takes."""

    def __init__(self, prefix: Prefix) -> None:
        super().__init__()
        self.prefix = prefix

    @classmethod
    def merge(cls, rows: Sequence[PrefixedRow]) -> PrefixedCache:
        return PrefixedCache(rows[0].prefix, len(rows))


def shared_row(model: nn.Module, prefix: Sequence[KVCache]) -> list[PrefixedRow] | None:
    """The cache of a row after `prefix`; None if a probe shows that the model's attention cannot share it."""
    module = sys.modules[type(model).__module__]
    if not hasattr(module, ATTENTION) or any(type(layer) is not KVCache for layer in prefix):
        return None
    rows = [PrefixedRow(Prefix(*map(mx.contiguous, layer.keys_and_values()))) for layer in prefix]
    calls: list[int] = []
    with prefix_attention(model, calls):
        mx.eval(model(mx.zeros((1, 1), mx.int32), cache=[PrefixedRow.merge([row]) for row in rows]))
    return rows if len(calls) == len(rows) else None  # every layer must have used it


@contextmanager
def prefix_attention(model: nn.Module, calls: list[int] | None = None) -> Iterator[None]:
    """The model's attention reads the prefix of a `PrefixedCache`. With other caches nothing changes.

    calls: if given, receives the number of rows of every call that used a prefix.
    """
    module: Any = sys.modules[type(model).__module__]
    original = getattr(module, ATTENTION, None)

    def attend(
        queries: mx.array, keys: mx.array, values: mx.array, cache: Any, scale: float, mask: Any, sinks: Any = None
    ) -> mx.array:
        if not isinstance(cache, PrefixedCache):
            assert original is not None
            attended: mx.array = original(queries, keys, values, cache=cache, scale=scale, mask=mask, sinks=sinks)
            return attended
        if calls is not None:
            calls.append(queries.shape[0])
        if queries.shape[2] == 1 and sinks is None:
            return _attend_one_token(queries, keys, values, cache.prefix, scale, mask)
        return _attend_several_tokens(queries, keys, values, cache.prefix, scale, mask, sinks)

    if original is not None:
        setattr(module, ATTENTION, attend)
    try:
        yield
    finally:
        if original is not None:
            setattr(module, ATTENTION, original)


def _attend_one_token(
    queries: mx.array, keys: mx.array, values: mx.array, prefix: Prefix, scale: float, mask: mx.array | None
) -> mx.array:
    """(B, Hq, 1, D) from queries of that shape, keys and values (B, H, S, D), and a mask (B, 1, 1, S)."""
    rows, heads, groups = queries.shape[0], keys.shape[1], queries.shape[1] // keys.shape[1]

    def by_row(x: mx.array) -> mx.array:  # (1, H, B * G, N) to (B, H, G, N)
        return x.reshape(heads, rows, groups, -1).transpose(1, 0, 2, 3)

    def by_head(x: mx.array) -> mx.array:  # (B, H, G, N) to (1, H, B * G, N)
        return x.transpose(1, 0, 2, 3).reshape(1, heads, rows * groups, -1)

    queries = queries.reshape(rows, heads, groups, -1) * scale  # (B, H, G, D)
    prefix_scores = (by_head(queries) @ prefix.keys.swapaxes(-1, -2)).astype(mx.float32)  # (1, H, B * G, P)
    scores = (queries @ keys.swapaxes(-1, -2)).astype(mx.float32)  # (B, H, G, S)
    if mask is not None:
        scores = mx.where(mask, scores, -mx.inf)
    largest = mx.maximum(by_row(prefix_scores.max(-1, keepdims=True)), scores.max(-1, keepdims=True))  # (B, H, G, 1)
    prefix_exp, exp = mx.exp(prefix_scores - by_head(largest)), mx.exp(scores - largest)
    total = by_row(prefix_exp.sum(-1, keepdims=True)) + exp.sum(-1, keepdims=True)  # (B, H, G, 1)
    weighted = by_row(prefix_exp.astype(prefix.values.dtype) @ prefix.values) + exp.astype(values.dtype) @ values
    return (weighted / total).astype(values.dtype).reshape(rows, heads * groups, 1, -1)


def _attend_several_tokens(
    queries: mx.array, keys: mx.array, values: mx.array, prefix: Prefix, scale: float, mask: Any, sinks: Any
) -> mx.array:
    """(B, Hq, L, D): the prefix is copied before the keys of each row, in one layer at a time."""
    rows = queries.shape[0]

    def after_prefix(shared: mx.array, rest: mx.array) -> mx.array:  # (1, H, P, D) and (B, H, S, D) to (B, H, P + S, D)
        return mx.concatenate([mx.broadcast_to(shared, (rows, *shared.shape[1:])), rest], axis=2)

    if isinstance(mask, mx.array):  # (B, 1, L, S)
        mask = mx.concatenate([mx.ones((*mask.shape[:-1], prefix.length), mask.dtype), mask], axis=-1)
    return mx.fast.scaled_dot_product_attention(
        queries,
        after_prefix(prefix.keys, keys),
        after_prefix(prefix.values, values),
        scale=scale,
        mask=mask,
        sinks=sinks,
    )
