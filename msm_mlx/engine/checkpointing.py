"""Gradient checkpointing that is undone afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import mlx.core as mx
import mlx.nn as nn


@contextmanager
def checkpointed_layers(model: nn.Module, on: bool = True) -> Iterator[None]:
    """While it lasts, every block keeps only its input for the backward pass and computes the rest again.

    Python looks `__call__` up in the class, so it is the classes of the blocks (of a hybrid model, several) that
    change for the time.
    """
    classes: list[Any] = list({type(layer): None for layer in getattr(model, "layers", [])}) if on else []
    before = [kind.__call__ for kind in classes]
    for kind, call in zip(classes, before, strict=True):
        kind.__call__ = _checkpointed(call)
    try:
        yield
    finally:
        for kind, call in zip(classes, before, strict=True):
            kind.__call__ = call


def _checkpointed(call: Callable[..., Any]) -> Callable[..., Any]:
    def checkpointed(layer: nn.Module, *args: Any, **kwargs: Any) -> Any:
        def inner(parameters: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
            layer.update(parameters)
            return call(layer, *args, **kwargs)

        return mx.checkpoint(inner)(layer.trainable_parameters(), *args, **kwargs)

    return checkpointed
