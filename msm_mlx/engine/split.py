"""A model in two halves: the body that gives hidden states, and the head that makes logits of them.

Training needs logits only where something is learned, and only a few rows of them at a time.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn

PROBE = ((3, 1, 2, 1, 0, 3, 2, 2),)
TOLERANCE = 1e-3  # of the largest logit; the two ways round alike, so that a true split is far below


class SplitModel:
    """Body and head of one of mlx-lm's models, sharing its parameters. Nothing of the model is changed."""

    def __init__(self, model: nn.Module) -> None:
        self._text = getattr(model, "language_model", model)
        self._shell: Any = copy.copy(self._text)

    def hidden(self, ids: mx.array, cache: Sequence[Any] | None = None) -> mx.array:
        """(B, T) ids to (B, T, D) states, normalised as the head expects them."""
        states: mx.array = self._text.model(ids, cache)
        return states

    def logits(self, hidden: mx.array) -> mx.array:
        """(B, T, D) to (B, T, V), with all that the architecture does to its logits (soft caps, scales)."""
        self._shell.model = _Given(self._text.model, hidden)
        logits: mx.array = self._shell(mx.zeros(hidden.shape[:2], dtype=mx.int32))
        return logits


class WholeModel:
    """Stands in for a SplitModel where the architecture cannot be split: its logits are its hidden states."""

    def __init__(self, model: nn.Module) -> None:
        self._model: Any = model

    def hidden(self, ids: mx.array, cache: Sequence[Any] | None = None) -> mx.array:
        logits: mx.array = self._model(ids, cache)
        return logits

    def logits(self, hidden: mx.array) -> mx.array:
        return hidden


class _Given:
    """Takes the place of a body whose hidden states are known already."""

    def __init__(self, body: Any, hidden: mx.array) -> None:
        self._body, self._hidden = body, hidden

    def __call__(self, *args: object, **kwargs: object) -> mx.array:
        return self._hidden

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)


def split_model(model: nn.Module) -> SplitModel | WholeModel:
    """The model in two halves if a probe shows that they make the same logits as the whole, else as one piece."""
    ids = mx.array(PROBE)
    whole = model(ids)
    try:
        split = SplitModel(model)
        parts = split.logits(split.hidden(ids))
        agrees = parts.shape == whole.shape and _difference(parts, whole) <= TOLERANCE
    except (AttributeError, TypeError, ValueError, KeyError):  # an architecture of another build
        agrees = False
    return split if agrees else WholeModel(model)


def _difference(a: mx.array, b: mx.array) -> float:
    scale = mx.maximum(mx.abs(b).max(), 1e-6)
    return cast("float", (mx.abs(a - b).max() / scale).item())
