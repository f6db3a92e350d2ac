"""The operations for training on a CPU compute what mlx's own do, gradients included, and leave the model as it was."""

from __future__ import annotations

import math
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import pytest
from helpers.architectures import build
from helpers.arrays import close, flat
from mlx_lm.models import llama
from mlx_lm.models.activations import swiglu
from mlx_lm.tuner.lora import LoRALinear

from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora, set_adapter
from msm_mlx.engine.boundaries import boundaries
from msm_mlx.engine.cpu_kernels import QUERIES, causal_attention, cpu_kernels, gated, prefers_cpu_kernels

LENGTH = QUERIES + 7  # a whole block and a part of one


def normal(*shape: int, seed: int) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed))


@pytest.mark.parametrize("cut", [0, 30], ids=["causal", "documents"])
def test_attention_and_its_gradients_are_those_of_mlx(cut: int) -> None:
    queries, keys, values = (normal(2, heads, LENGTH, 8, seed=heads) for heads in (6, 3, 3))
    upstream = normal(2, 6, LENGTH, 8, seed=9)
    positions = mx.arange(LENGTH)
    seen = (positions[:, None] >= positions) & ((positions[:, None] < cut) == (positions < cut))
    bias = mx.where(seen, 0.0, -math.inf)[None, None]

    def ours(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        return causal_attention(queries, keys, values, 0.3, bias)

    def theirs(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        return mx.fast.scaled_dot_product_attention(queries, keys, values, scale=0.3, mask=bias)

    arrays = [queries, keys, values]
    assert close(ours(*arrays), theirs(*arrays), 1e-5)
    gradients = (mx.vjp(attention, arrays, [upstream])[1] for attention in (ours, theirs))
    for one, other in zip(*gradients, strict=True):
        assert close(one, other, 1e-5)


def test_the_gated_product_and_its_gradients_are_those_of_mlx_also_where_the_gate_is_large() -> None:
    gate, up, upstream = normal(5, 40, seed=1) * 60, normal(5, 40, seed=2), normal(5, 40, seed=3)
    assert close(gated(gate, up), swiglu(gate, up), 1e-6)
    ours_and_theirs = (mx.vjp(product, [gate, up], [upstream])[1] for product in (gated, swiglu))
    for ours, theirs in zip(*ours_and_theirs, strict=True):
        assert mx.isfinite(ours).all().item()
        assert close(ours, theirs, 1e-6)


@pytest.mark.parametrize("packed", [False, True])
def test_a_model_has_the_same_loss_and_gradients_with_them_and_is_afterwards_as_it_was(packed: bool) -> None:
    model: Any = build("llama")[0]
    add_lora(model, LoraShape(4, 3.0), 0)
    set_adapter(model, {name: normal(*value.shape, seed=4) * 0.1 for name, value in adapter_weights(model).items()})
    ids = mx.array([[1, 5, 3, 2, 2, 7, 4, 1]])
    segments = mx.array([[0, 0, 0, 1, 1, 1, 1, 2]]) if packed else None

    def loss() -> mx.array:
        logits = model(ids, cache=boundaries("masked", segments, len(model.layers)))  # (1, T, V)
        return mx.fast.cross_entropy(logits, ids).sum()

    before = llama.scaled_dot_product_attention, llama.swiglu, LoRALinear.__call__
    expected, gradients = nn.value_and_grad(model, loss)()
    with cpu_kernels(model):
        assert llama.swiglu is gated
        value, ours = nn.value_and_grad(model, loss)()
    assert close(value, expected, 1e-5)
    for name, gradient in flat(ours).items():
        assert close(gradient, flat(gradients)[name], 1e-4), name
    assert (llama.scaled_dot_product_attention, llama.swiglu, LoRALinear.__call__) == before


def test_small_models_keep_their_roundings() -> None:
    assert not prefers_cpu_kernels(build("llama")[0])
