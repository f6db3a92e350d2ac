"""Whether an adapter on a model can learn, known before anything is written for it to learn from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten, tree_unflatten

from msm_mlx.text.wording import error_line

PROBE_IDS = ((3, 1, 2, 0, 3, 2),)


@contextmanager
def training_mode(model: nn.Module) -> Iterator[None]:
    """The model computes with operations that can be differentiated: some architectures have kernels that cannot."""
    model.train()
    try:
        yield
    finally:
        model.eval()


def why_not_trainable(model: nn.Module) -> str:
    """Why no gradient goes through all layers of the model; empty where one does, or where no probe can tell.

    The gradient is that of weights in the first layer, so that it has to come through all others.
    """
    try:
        model.trainable_parameters()  # fails for a class that is no complete module
        weights = _weights_of_first_layer(model)
        if not weights:
            return ""
        try:
            with training_mode(model):
                gradients = list(mx.grad(lambda weights: _loss(model, weights))(weights).values())
                size = cast("float", mx.stack([mx.abs(gradient).max() for gradient in gradients]).max().item())
        finally:
            model.update(tree_unflatten(list(weights.items())))
        return "" if 0 < size < math.inf else "no gradient reaches its first layer"
    except Exception as error:  # the code of an architecture may fail in any way
        return error_line(error)


def _loss(model: nn.Module, weights: dict[str, mx.array]) -> mx.array:
    model.update(tree_unflatten(list(weights.items())))
    ids = mx.array(PROBE_IDS)  # (1, T)
    logits: mx.array = model(ids)  # (1, T, V)
    losses: mx.array = nn.losses.cross_entropy(logits[:, :-1].astype(mx.float32), ids[:, 1:])  # (1, T-1)
    return losses.mean()


def _weights_of_first_layer(model: nn.Module) -> dict[str, mx.array]:
    """Those that are not quantised, by name: vectors if there are any, since they are small."""
    name = next(name for name, module in model.named_modules() if module is model.layers[0])
    weights = {
        f"{name}.{part}": value
        for part, value in tree_flatten(model.layers[0].parameters())
        if mx.issubdtype(value.dtype, mx.floating) and not part.endswith(("scales", "biases"))
    }
    return {name: value for name, value in weights.items() if value.ndim == 1} or weights
