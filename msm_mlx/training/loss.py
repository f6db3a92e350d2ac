"""Cross-entropy over the supervised positions, a few rows of logits at a time.

With LoRA the head is frozen, so the gradient of the loss with respect to the hidden states can be computed together
with the loss, chunk by chunk, and no logits are kept for the backward pass. Each chunk depends on the one before it,
because mlx would otherwise evaluate several at once and hold the logits of all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import mlx.core as mx

LOG2_E = math.log2(math.e)
Head = Callable[[mx.array], mx.array]
"""Logits (1, n, V) from hidden states (1, n, D)."""


@mx.custom_function
def _cross_entropy(logits: mx.array, targets: mx.array) -> tuple[mx.array, mx.array]:
    """Losses (N,) and their gradients (N, V), from logits (N, V) in fp32 and targets (N,).

    Both need the exponentials, which are computed once. `mx.power(2, x * log2(e))` is three times as fast as `mx.exp`
    on a CPU and no less exact.
    """
    largest = logits.max(axis=-1, keepdims=True)  # (N, 1)
    exponentials = mx.power(2.0, (logits - largest) * LOG2_E)  # (N, V)
    total = exponentials.sum(axis=-1, keepdims=True)  # (N, 1)
    target_logits = mx.take_along_axis(logits, targets[:, None], axis=-1)  # (N, 1)
    losses = (largest + mx.log(total) - target_logits).squeeze(-1)
    return losses, (exponentials / total).at[mx.arange(len(targets)), targets].add(-1.0)  # softmax less one-hot


@_cross_entropy.vjp
def _cross_entropy_vjp(
    primals: tuple[mx.array, mx.array], cotangents: tuple[mx.array, mx.array], outputs: tuple[mx.array, mx.array]
) -> tuple[mx.array, mx.array]:
    return cotangents[0][:, None] * outputs[1], mx.zeros_like(primals[1])


def token_losses(logits: mx.array, targets: mx.array) -> mx.array:
    """-log p(target) in nats and fp32, (N,), from logits (N, V) and targets (N,)."""
    if mx.default_device() == mx.gpu:
        return mx.fast.cross_entropy(logits, targets)  # accumulates in fp32 without a copy of the logits
    losses, _ = cast("tuple[mx.array, mx.array]", _cross_entropy(logits.astype(mx.float32), targets))
    return losses


def chunked_cross_entropy(
    head: Head, hidden: mx.array, targets: mx.array, weights: mx.array, chunk_size: int
) -> mx.array:
    """The weighted sum () of the losses of N positions, in nats.

    Args:
        head: must be frozen, because only `hidden` gets a gradient.
        hidden: (N, D).
        targets: (N,) int.
        weights: (N,) fp32.
        chunk_size: rows of logits that are in memory at once.
    """

    def chunk_loss(states: mx.array, chunk_targets: mx.array, chunk_weights: mx.array) -> mx.array:
        return (token_losses(head(states[None])[0], chunk_targets) * chunk_weights).sum()

    @mx.custom_function
    def weighted_sum(hidden: mx.array, targets: mx.array, weights: mx.array) -> tuple[mx.array, mx.array]:
        total = mx.zeros(())
        gradients: list[mx.array] = []
        for start in range(0, hidden.shape[0], chunk_size):
            chunk = slice(start, start + chunk_size)
            states = hidden[chunk]  # (n, D)
            if gradients:
                states = cast("mx.array", mx.depends(states, [gradients[-1], total]))
            loss, gradient = mx.value_and_grad(chunk_loss)(states, targets[chunk], weights[chunk])
            total = total + loss
            gradients.append(gradient)
        return total, mx.concatenate(gradients)

    @weighted_sum.vjp
    def weighted_sum_vjp(
        primals: tuple[mx.array, ...], cotangents: tuple[mx.array, mx.array], outputs: tuple[mx.array, mx.array]
    ) -> tuple[mx.array, ...]:
        gradient = (cotangents[0] * outputs[1]).astype(primals[0].dtype)
        return gradient, mx.zeros_like(primals[1]), mx.zeros_like(primals[2])

    total, _ = cast("tuple[mx.array, mx.array]", weighted_sum(hidden, targets, weights))
    return total
