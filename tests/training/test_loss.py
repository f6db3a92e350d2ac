"""The loss in chunks is the loss, and so are its gradients, in a fraction of the memory."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from helpers.arrays import close
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.resources.memory import logits_chunk_size
from msm_mlx.training.loss import chunked_cross_entropy, token_losses

quick = settings(max_examples=40, derandomize=True)


def full(head: nn.Linear, hidden: mx.array, targets: mx.array, weights: mx.array) -> mx.array:
    loss: mx.array = (nn.losses.cross_entropy(head(hidden), targets) * weights).sum()
    return loss


@quick
@given(
    count=st.integers(1, 40), chunk=st.integers(1, 16), vocabulary=st.integers(2, 60),
    scale=st.sampled_from([0.01, 1.0, 30.0]), seed=st.integers(0, 99),
)  # fmt: skip
def test_chunks_give_the_full_loss_and_gradient(
    count: int, chunk: int, vocabulary: int, scale: float, seed: int
) -> None:
    mx.random.seed(seed)
    head = nn.Linear(8, vocabulary)
    hidden = mx.random.normal((count, 8)) * scale
    targets = mx.random.randint(0, vocabulary, (count,))
    weights = (mx.random.uniform(shape=(count,)) > 0.3).astype(mx.float32)

    def chunked(hidden: mx.array) -> mx.array:
        return chunked_cross_entropy(head, hidden, targets, weights, chunk)

    ours, gradient = mx.value_and_grad(chunked)(hidden)
    theirs, expected = mx.value_and_grad(lambda h: full(head, h, targets, weights))(hidden)
    assert np.array(ours) == pytest.approx(np.array(theirs), rel=1e-6, abs=1e-6)
    assert close(gradient, expected, 2e-6) or np.abs(np.array(gradient - expected)).max() < 1e-6


def test_scaling_the_loss_scales_the_gradient() -> None:
    mx.random.seed(0)
    head, hidden = nn.Linear(4, 9), mx.random.normal((5, 4))
    targets, weights = mx.array([0, 1, 2, 3, 8]), mx.ones(5)
    once, thrice = (
        mx.grad(lambda h, f=factor: f * chunked_cross_entropy(head, h, targets, weights, 2))(hidden)
        for factor in (1.0, 3.0)
    )
    assert close(3 * once, thrice, 1e-6)


def test_half_precision_is_added_up_in_full_precision() -> None:
    logits = mx.random.normal((3, 2000)).astype(mx.bfloat16)
    losses = token_losses(logits, mx.array([1, 2, 3]))
    assert losses.dtype == mx.float32
    expected = nn.losses.cross_entropy(logits.astype(mx.float32), mx.array([1, 2, 3]))
    assert np.allclose(np.array(losses), np.array(expected), rtol=1e-5)


def test_a_hopeless_target_costs_what_it_should() -> None:
    losses = token_losses(mx.array([[500.0, -500.0], [-500.0, 500.0]]), mx.array([1, 1]))
    assert np.array(losses) == pytest.approx([1000.0, 0.0])


@pytest.mark.slow
def test_few_logits_are_kept_at_a_time() -> None:
    """Twice the positions take hardly more memory, and far less than with all logits at once."""
    head = nn.Linear(16, 20_000)
    mx.eval(head.parameters())

    def peak(count: int, chunk: int | None) -> int:
        hidden, targets, weights = mx.random.normal((count, 16)), mx.zeros(count, dtype=mx.int32), mx.ones(count)

        def loss(hidden: mx.array) -> mx.array:
            if chunk is None:
                return full(head, hidden, targets, weights)
            return chunked_cross_entropy(head, hidden, targets, weights, chunk)

        mx.eval(hidden, targets, weights)
        before = mx.get_active_memory()
        mx.reset_peak_memory()
        mx.eval(mx.value_and_grad(loss)(hidden))
        return mx.get_peak_memory() - before

    assert peak(512, 32) < 0.4 * peak(512, None)
    assert peak(1024, 32) < 1.5 * peak(512, 32)


def test_chunks_shrink_as_the_vocabulary_grows() -> None:
    assert logits_chunk_size(151_936) == 64
    assert logits_chunk_size(842) == 4096
    assert logits_chunk_size(10**9) == 16
