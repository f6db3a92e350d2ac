"""Attention, the gated MLP and LoRA for training on a CPU, from operations that mlx's CPU backend is fast at.

Its exponential takes 12 ns an element, its power 4 ns, and sums and products 0.3 ns (measured with AVX-512). So the
softmax and the logistic function take powers of two, scores that the causal mask hides are mostly not computed at all,
and the low-rank product of LoRA is added within the matrix product. All of it is exact up to rounding.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten
from mlx_lm.models.activations import swiglu
from mlx_lm.models.base import create_causal_mask
from mlx_lm.tuner.lora import LoRALinear

from msm_mlx.engine.boundaries import MaskedBoundaries
from msm_mlx.resources.blas import SMALL_MODEL

LOG2_E = math.log2(math.e)
QUERIES = 64  # positions whose scores are computed together: they see the keys up to the last of them
PROBE_IDS = ((3, 1, 2, 1, 0, 3, 2, 2, 5, 4), (1, 1, 0, 2, 3, 5, 4, 2, 2, 3))
TOLERANCE = 1e-3  # relative to the largest logit; other roundings stay far below


Attention = Callable[..., mx.array]
"""The signature of mlx-lm's `scaled_dot_product_attention`."""


def causal_attention(queries: mx.array, keys: mx.array, values: mx.array, scale: float, bias: mx.array) -> mx.array:
    """Attention (B, Hq, T, D) of queries (B, Hq, T, D) to keys and values (B, Hkv, T, D).

    bias: (1 or B, 1, T, T), 0 or -inf, added to the scores. Every query sees itself, and none sees a later key.
    """
    batch, heads, length, width = queries.shape
    groups = keys.shape[1]
    folded = (queries * scale).reshape(batch, groups, heads // groups, length, width)  # (B, G, R, T, D)
    # or each product would copy its part of a transposed array, which is slow
    keys, values = mx.contiguous(keys), mx.contiguous(values)
    output = cast("tuple[mx.array, ...]", _causal_attention(folded, keys, values, bias))[0]
    return output.reshape(batch, heads, length, width)


@mx.custom_function
def _causal_attention(queries: mx.array, keys: mx.array, values: mx.array, bias: mx.array) -> tuple[mx.array, ...]:
    """The output (B, G, R, T, D), and for each block of queries its weights (B, G, R * t, T'), not normalised, and
    their sums (B, G, R * t, 1)."""
    outputs, saved = [], []
    repeats = queries.shape[2]
    for start, end in _blocks(queries.shape[3]):
        rows = _rows(queries, start, end) * LOG2_E  # (B, G, R * t, D)
        scores = rows @ keys[:, :, :end].swapaxes(-1, -2)  # (B, G, R * t, T')
        scores = scores + mx.concatenate([bias[:, :, start:end, :end]] * repeats, axis=2)
        weights = mx.power(2.0, scores - scores.max(axis=-1, keepdims=True))
        total = weights.sum(axis=-1, keepdims=True)  # (B, G, R * t, 1)
        outputs.append(_unrows((weights @ values[:, :, :end]) / total, repeats))
        saved += [weights, total]
    return mx.concatenate(outputs, axis=3), *saved


@_causal_attention.vjp
def _causal_attention_vjp(
    primals: tuple[mx.array, ...], cotangents: tuple[mx.array, ...], outputs: tuple[mx.array, ...]
) -> tuple[mx.array, ...]:
    queries, keys, values, bias = primals
    output, saved = outputs[0], outputs[1:]
    all_upstream = mx.contiguous(cotangents[0])
    repeats, length = queries.shape[2:4]
    key_gradient, value_gradient = mx.zeros_like(keys), mx.zeros_like(values)
    query_gradients = []
    for block, (start, end) in enumerate(_blocks(length)):
        weights, total = saved[2 * block : 2 * block + 2]
        upstream = _rows(all_upstream, start, end) / total  # (B, G, R * t, D)
        common = (upstream * _rows(output, start, end)).sum(axis=-1, keepdims=True)  # (B, G, R * t, 1)
        scores = weights * (upstream @ values[:, :, :end].swapaxes(-1, -2) - common)  # (B, G, R * t, T')
        query_gradients.append(_unrows(scores @ keys[:, :, :end], repeats))
        later = [(0, 0), (0, 0), (0, length - end), (0, 0)]
        key_gradient = key_gradient + mx.pad(scores.swapaxes(-1, -2) @ _rows(queries, start, end), later)
        value_gradient = value_gradient + mx.pad(weights.swapaxes(-1, -2) @ upstream, later)
    return mx.concatenate(query_gradients, axis=3), key_gradient, value_gradient, mx.zeros_like(bias)


def _blocks(length: int) -> list[tuple[int, int]]:
    return [(start, min(start + QUERIES, length)) for start in range(0, length, QUERIES)]


def _rows(array: mx.array, start: int, end: int) -> mx.array:
    """(B, G, R, T, D) to the positions of one block, (B, G, R * t, D)."""
    block = array[:, :, :, start:end]
    return block.reshape(*block.shape[:2], -1, block.shape[-1])


def _unrows(rows: mx.array, repeats: int) -> mx.array:
    """(B, G, R * t, D) to (B, G, R, t, D)."""
    return rows.reshape(*rows.shape[:2], repeats, -1, rows.shape[-1])


@mx.custom_function
def _gated(gate: mx.array, up: mx.array) -> tuple[mx.array, mx.array]:
    """silu(gate) * up, and the logistic function of the gate."""
    logistic = mx.reciprocal(1.0 + mx.power(2.0, gate * -LOG2_E))
    return gate * logistic * up, logistic


@_gated.vjp
def _gated_vjp(
    primals: tuple[mx.array, mx.array], cotangents: tuple[mx.array, mx.array], outputs: tuple[mx.array, mx.array]
) -> tuple[mx.array, mx.array]:
    (gate, up), logistic = primals, outputs[1]
    activated = gate * logistic
    return cotangents[0] * up * (logistic + activated * (1.0 - logistic)), cotangents[0] * activated


def gated(gate: mx.array, up: mx.array) -> mx.array:
    """silu(gate) * up, all of one shape."""
    return cast("tuple[mx.array, mx.array]", _gated(gate, up))[0]


def _adapted(layer: Any, x: mx.array) -> mx.array:
    """What mlx-lm's LoRALinear computes, with one pass over the output less forwards and one less backwards."""
    low_rank = layer.dropout(x) @ layer.lora_a  # (..., r)
    return mx.addmm(layer.linear(x), low_rank, layer.lora_b, alpha=layer.scale)


def _attention_or(original: Attention) -> Attention:
    """`causal_attention` where it applies, else `original`."""

    def attention(
        queries: mx.array, keys: mx.array, values: mx.array, cache: Any, scale: float, mask: Any, sinks: Any = None
    ) -> mx.array:
        plain = cache is None and mask == "causal" if isinstance(mask, str) else isinstance(cache, MaskedBoundaries)
        alike = queries.shape[2:] == keys.shape[2:] == values.shape[2:] and queries.dtype == mx.float32
        if not plain or not alike or sinks is not None:
            return original(queries, keys, values, cache=cache, scale=scale, mask=mask, sinks=sinks)
        seen = create_causal_mask(queries.shape[2])[None, None] if isinstance(mask, str) else mask  # (1 or B, 1, T, T)
        return causal_attention(queries, keys, values, scale, mx.where(seen, 0.0, -math.inf))

    return attention


@contextmanager
def cpu_kernels(model: nn.Module, enabled: bool = True) -> Iterator[None]:
    """The model computes with these operations; afterwards it computes as before."""
    text = getattr(model, "language_model", model)
    module: Any = importlib.import_module(type(text).__module__)
    replacements: list[tuple[Any, str, Any]] = []
    if enabled:
        replacements.append((LoRALinear, "__call__", _adapted))
        if getattr(module, "swiglu", None) is swiglu:
            replacements.append((module, "swiglu", gated))
        if hasattr(module, "scaled_dot_product_attention"):
            attention = _attention_or(module.scaled_dot_product_attention)
            replacements.append((module, "scaled_dot_product_attention", attention))
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in replacements]
    for owner, name, value in replacements:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in originals:
            setattr(owner, name, value)


def is_large_on_cpu(model: nn.Module) -> bool:
    """Whether mlx computes this model on a CPU, in fp32, and its products are large enough for more than one thread."""
    parameters = [value for _, value in tree_flatten(model.parameters())]
    single = all(value.dtype == mx.float32 for value in parameters)
    return mx.default_device() == mx.cpu and single and sum(value.size for value in parameters) >= SMALL_MODEL


def prefers_cpu_kernels(model: nn.Module) -> bool:
    """Whether these operations are faster for this model here, and a probe shows that they compute the same."""
    if not is_large_on_cpu(model):
        return False
    ids = mx.array(PROBE_IDS)  # (B, T)
    expected = model(ids)  # (B, T, V)
    try:
        with cpu_kernels(model):
            logits = model(ids)
    except (AttributeError, TypeError, ValueError):  # the architecture is built in another way
        return False
    return bool((mx.abs(logits - expected).max() <= TOLERANCE * mx.abs(expected).max()).item())
