"""Several documents in one row that do not attend to each other, with mlx-lm's model classes as they are.

Two ways are exact. `masked` gives the model an array mask, block-diagonal and causal, through a stand-in for its cache.
`causal` keeps attention plainly causal, for which Metal has a fused backward pass, and separates the documents by extra
dimensions of queries and keys. These add exactly 0 to a score within a document and a large negative number to one
across documents: -c^2 times the number of bits in which the numbers of the two documents differ.
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

from msm_mlx.engine.architectures import architecture_of

Packing = Literal["masked", "causal", "off"]

FUSED_HEAD_DIMS = (64, 72, 80, 96, 128, 192, 256)  # of the fused backward pass in mlx 0.32.4 for Metal
SCORE_PENALTY = 256.0  # subtracted across documents; exp(-256) vanishes beside any score within a document
MAX_DOCUMENTS = 64  # in a row, its padding included: six bits, so twelve extra dimensions are enough
PROBE_ROW = 12  # tokens
PROBE_CUTS = (5, 8, 3)
"""Where the second document begins in each row of the probe. Rows that differ show a mask that meets another row's
scores, as gemma2's attention does where a batch has as many rows as there are key heads."""
MAX_LEAK = 0.02  # relative to the leak without boundaries; rounding in bf16 stays below, a real leak does not


class MaskedBoundaries:
    """Stands in for a layer's cache and gives the layer its mask.

    segments: (B, T) int, the number of the document that each position belongs to.
    """

    offset = 0

    def __init__(self, segments: mx.array) -> None:
        self._same_document = (segments[:, :, None] == segments[:, None, :])[:, None]  # (B, 1, T, T)

    def make_mask(self, length: int, return_array: bool = False, window_size: int | None = None) -> mx.array:
        mask: mx.array = self._same_document & create_causal_mask(length, window_size=window_size)
        return mask

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        return keys, values


class CausalBoundaries(MaskedBoundaries):
    """The stand-in for `causal`: it gives no mask, and `extended_attention` reads the segments from it."""

    def __init__(self, segments: mx.array) -> None:
        self.segments = segments

    def make_mask(self, length: int, return_array: bool = False, window_size: int | None = None) -> Any:
        if return_array or window_size:
            raise ValueError("sliding windows and models that want an array mask need the masked packing")
        return "causal"


def boundaries(packing: Packing, segments: mx.array | None, layers: int) -> list[Any] | None:
    """What to pass to the model as `cache`: a stand-in for each layer, or None where every row is one document."""
    if segments is None or packing == "off":
        return None
    stand_in = MaskedBoundaries if packing == "masked" else CausalBoundaries
    return [stand_in(segments)] * layers


def extra_dims(head_dim: int) -> int:
    """How many extra dimensions separate MAX_DOCUMENTS: two for each bit, or more to reach a fused head width."""
    needed = head_dim + 2 * (MAX_DOCUMENTS - 1).bit_length()
    return next((fused for fused in FUSED_HEAD_DIMS if fused >= needed), needed) - head_dim


def extended_attention(
    queries: mx.array, keys: mx.array, values: mx.array, cache: Any, scale: float, mask: Any, sinks: Any = None
) -> mx.array:
    """mlx-lm's attention, in which the documents of a `CausalBoundaries` do not see each other.

    queries: (B, Hq, T, D), keys and values: (B, Hkv, T, D). Returns (B, Hq, T, D).
    """
    if not isinstance(cache, CausalBoundaries):
        return _mlx_lm_attention(queries, keys, values, cache=cache, scale=scale, mask=mask, sinks=sinks)
    batch, _, length, width = values.shape
    extra = extra_dims(width)
    bits = (cache.segments[:, None, :, None] >> mx.arange(extra // 2)) & 1  # (B, 1, T, E/2)
    # c is a power of two, which bf16 represents exactly; the two codes multiply to -c^2 for each bit that differs
    c = 2.0 ** math.ceil(math.log2(math.sqrt(SCORE_PENALTY / scale)))
    query_code = mx.concatenate([bits, 1 - bits], axis=-1).astype(queries.dtype) * c  # (B, 1, T, E)
    key_code = mx.concatenate([bits - 1, -bits], axis=-1).astype(queries.dtype) * c  # (B, 1, T, E)
    zeros = mx.zeros((batch, 1, length, query_code.shape[-1]), dtype=values.dtype)  # (B, 1, T, E)

    def widen(array: mx.array, code: mx.array) -> mx.array:  # (B, H, T, D) to (B, H, T, D + E)
        return mx.concatenate([array, mx.broadcast_to(code, (*array.shape[:3], code.shape[-1]))], axis=-1)

    attended = _mlx_lm_attention(
        widen(queries, query_code),
        widen(keys, key_code),
        widen(values, zeros),
        cache=None,
        scale=scale,
        mask=mask,
        sinks=sinks,
    )
    return attended[..., :width]


_mlx_lm_attention: Callable[..., mx.array] = scaled_dot_product_attention


@contextmanager
def packed_attention(model: nn.Module, packing: Packing) -> Iterator[None]:
    """For `causal`, the model's module calls `extended_attention`; afterwards it calls what it called before."""
    text = getattr(model, "language_model", model)
    module: Any = importlib.import_module(type(text).__module__)
    if packing != "causal" or not hasattr(module, "scaled_dot_product_attention"):
        yield
        return
    original = module.scaled_dot_product_attention
    module.scaled_dot_product_attention = extended_attention
    try:
        yield
    finally:
        module.scaled_dot_product_attention = original


def choose_packing(model: nn.Module) -> tuple[Packing, str]:
    """The fastest packing on this machine among those that a probe shows to be exact for this model, and the reason."""
    name = architecture_of(model)
    if mx.metal.is_available() and isolates_documents(model, "causal"):
        return "causal", "documents share rows, kept apart by extra head dimensions: Metal's fused attention applies"
    if isolates_documents(model, "masked"):
        return "masked", "documents share rows, kept apart by a mask"
    return "off", f"documents do not share rows: the architecture {name} does not keep them apart"


def isolates_documents(model: nn.Module, packing: Packing) -> bool:
    """Whether the second of two documents in one row has the logits that it has alone, in a batch of several rows."""
    rows = mx.array([[(3 * i + start) % 8 for i in range(PROBE_ROW)] for start in range(len(PROBE_CUTS))])  # (B, T)
    segments = mx.array([[int(i >= cut) for i in range(PROBE_ROW)] for cut in PROBE_CUTS])  # (B, T)
    try:
        with packed_attention(model, packing):
            packed = model(rows, cache=boundaries(packing, segments, len(_layers(model))))  # (B, T, V)
    except (AttributeError, TypeError, ValueError, IndexError, KeyError):  # a model that needs a cache of its own class
        return False
    unpacked = model(rows)  # (B, T, V), with everything before it in sight
    leaks = []  # largest deviation of each second document: kept apart, and not kept apart
    for row, cut in enumerate(PROBE_CUTS):
        alone = model(rows[row : row + 1, cut:])[0]  # (T - cut, V)
        leaks.append(mx.stack([mx.abs(logits[row, cut:] - alone).max() for logits in (packed, unpacked)]))
    kept_apart, in_sight = mx.stack(leaks).max(axis=0)
    return bool((kept_apart <= MAX_LEAK * in_sight).item())


def _layers(model: nn.Module) -> list[nn.Module]:
    layers: list[nn.Module] = model.layers
    return layers
