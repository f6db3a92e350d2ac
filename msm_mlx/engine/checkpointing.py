"""Gradient checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"), undone afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import mlx.core as mx
import mlx.nn as nn


@contextmanager
def checkpointed_layers(model: nn.Module, enabled: bool = True) -> Iterator[None]:
    """Every block keeps only its input for the backward pass and recomputes the rest; afterwards all is as before.

    Python looks up `__call__` on the class, so the classes of the blocks are patched, of which a hybrid model has
    several.
    """
    classes: list[Any] = list({type(layer): None for layer in getattr(model, "layers", [])}) if enabled else []
    originals = [cls.__call__ for cls in classes]
    for cls, original in zip(classes, originals, strict=True):
        cls.__call__ = _checkpointed(original)
    try:
        yield
    finally:
        for cls, original in zip(classes, originals, strict=True):
            cls.__call__ = original


def _checkpointed(call: Callable[..., Any]) -> Callable[..., Any]:
    def checkpointed(layer: nn.Module, *args: Any, **kwargs: Any) -> Any:
        def call_with(parameters: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
            layer.update(parameters)
            return call(layer, *args, **kwargs)

        # mx.checkpoint differentiates only with respect to arguments, so the parameters are passed as one
        return mx.checkpoint(call_with)(layer.trainable_parameters(), *args, **kwargs)

    return checkpointed
