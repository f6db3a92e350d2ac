"""Several documents in one row that do not see each other, with mlx-lm's models as they are.

Two exact ways. `masked` hands the models an array mask, block-diagonal and causal, through a stand-in for their cache.
`causal` lets attention stay plainly causal, for which Metal has a fused backward pass, and keeps documents apart by
extra dimensions of queries and keys: they add exactly 0 to a score within a document and a large negative number
across, since the added score is -c^2 times the number of bits in which the documents' numbers differ.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.models.base import create_causal_mask, scaled_dot_product_attention

Packing = Literal["masked", "causal", "off"]

FUSED_HEAD_DIMS = (64, 72, 80, 96, 128, 192, 256)  # of the fused backward pass in mlx 0.32.4 for Metal
APART = 256.0  # exp(-256) is 0 beside any score of the own document
MAX_DOCUMENTS = 64  # in a row, its padding included: six bits, for which few more dimensions do
PROBE_LENGTHS = (5, 7)
LEAK = 0.02  # of what leaks without boundaries; rounding in bf16 stays below, a real leak does not


class MaskedBoundaries:
    """Stands in for a layer's cache. segments: (B, T) int, the number of the document that a position belongs to."""

    offset = 0

    def __init__(self, segments: mx.array) -> None:
        self._same = (segments[:, :, None] == segments[:, None, :])[:, None]  # (B, 1, T, T)

    def make_mask(self, length: int, return_array: bool = False, window_size: int | None = None) -> mx.array:
        mask: mx.array = self._same & create_causal_mask(length, window_size=window_size)
        return mask

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        return keys, values


class CausalBoundaries(MaskedBoundaries):
    """The same for the other way: no mask, but extra dimensions that `extended_attention` asks for."""

    def __init__(self, segments: mx.array) -> None:
        self.segments = segments

    def make_mask(self, length: int, return_array: bool = False, window_size: int | None = None) -> Any:
        if return_array or window_size:
            raise ValueError("sliding windows and models that want an array mask need the masked packing")
        return "causal"


def boundaries(packing: Packing, segments: mx.array | None, layers: int) -> list[Any] | None:
    """What to pass as `cache`: one stand-in a layer, or None where every row holds one document."""
    if segments is None or packing == "off":
        return None
    kind = MaskedBoundaries if packing == "masked" else CausalBoundaries
    return [kind(segments)] * layers


def extra_dims(head_dim: int) -> int:
    """How many dimensions keep MAX_DOCUMENTS apart: two a bit, and more if that makes the width a fused one."""
    needed = head_dim + 2 * (MAX_DOCUMENTS - 1).bit_length()
    return next((fused for fused in FUSED_HEAD_DIMS if fused >= needed), needed) - head_dim


def extended_attention(
    queries: mx.array, keys: mx.array, values: mx.array, cache: Any, scale: float, mask: Any, sinks: Any = None
) -> mx.array:
    """mlx-lm's attention, with the documents of a `CausalBoundaries` kept apart. (B, H, T, D) and (B, KV, T, D)."""
    if not isinstance(cache, CausalBoundaries):
        return _plain(queries, keys, values, cache=cache, scale=scale, mask=mask, sinks=sinks)
    batch, _, length, width = values.shape
    extra = extra_dims(width)
    bits = (cache.segments[:, None, :, None] >> mx.arange(extra // 2)) & 1  # (B, 1, T, E/2)
    strength = 2.0 ** math.ceil(math.log2(math.sqrt(APART / scale)))  # a power of two, which bf16 holds exactly
    own = mx.concatenate([bits, 1 - bits], axis=-1).astype(queries.dtype) * strength
    other = mx.concatenate([bits - 1, -bits], axis=-1).astype(queries.dtype) * strength

    def widen(array: mx.array, dims: mx.array) -> mx.array:
        return mx.concatenate([array, mx.broadcast_to(dims, (*array.shape[:3], dims.shape[-1]))], axis=-1)

    nothing = mx.zeros((batch, 1, length, own.shape[-1]), dtype=values.dtype)
    out = _plain(
        widen(queries, own), widen(keys, other), widen(values, nothing), cache=None, scale=scale, mask=mask, sinks=sinks
    )
    return out[..., :width]


_plain: Callable[..., mx.array] = scaled_dot_product_attention


@contextmanager
def packing_in_force(model: nn.Module, packing: Packing) -> Iterator[None]:
    """While it lasts, the model's attention understands `CausalBoundaries`; afterwards all is as it was."""
    text = getattr(model, "language_model", model)
    module: Any = importlib.import_module(type(text).__module__)
    if packing != "causal" or not hasattr(module, "scaled_dot_product_attention"):
        yield
        return
    before = module.scaled_dot_product_attention
    module.scaled_dot_product_attention = extended_attention
    try:
        yield
    finally:
        module.scaled_dot_product_attention = before


def choose_packing(model: nn.Module) -> tuple[Packing, str]:
    """The packing that is exact for this model, as a probe shows, and fastest on this machine; and the reason."""
    name = getattr(model, "model_type", type(model).__module__.rpartition(".")[2])
    if mx.metal.is_available() and keeps_apart(model, "causal"):
        return "causal", "documents share rows, kept apart by extra head dimensions: Metal's fused attention applies"
    if keeps_apart(model, "masked"):
        return "masked", "documents share rows, kept apart by a mask"
    return "off", f"documents do not share rows: the architecture {name} lets one see another"


def keeps_apart(model: nn.Module, packing: Packing) -> bool:
    """Whether two documents in one row give the logits that they give alone."""
    first, second = ([(3 * i + start) % 8 for i in range(n)] for start, n in enumerate(PROBE_LENGTHS))
    alone = model(mx.array([second]))
    row = mx.array([first + second])
    segments = mx.array([[0] * len(first) + [1] * len(second)])
    try:
        with packing_in_force(model, packing):
            packed = model(row, cache=boundaries(packing, segments, len(_layers(model))))[:, len(first) :]
    except (AttributeError, TypeError, ValueError, IndexError, KeyError):  # a model that wants a cache of its own kind
        return False
    leaky = model(row)[:, len(first) :]
    return bool((mx.abs(packed - alone).max() <= LEAK * mx.abs(leaky - alone).max()).item())


def _layers(model: nn.Module) -> list[nn.Module]:
    layers: list[nn.Module] = model.layers
    return layers
