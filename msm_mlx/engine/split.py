"""A model in two halves: the body, which computes hidden states, and the head, which makes logits of them.

Training and scoring need logits at some positions only, and only a few rows of them at a time.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn

PROBE_IDS = ((3, 1, 2, 1, 0, 3, 2, 2),)
TOLERANCE = 1e-3  # relative to the largest logit; a correct split repeats the same roundings and is far below


class SplitModel:
    """The body and head of one of mlx-lm's models, sharing its parameters. The model itself is not changed."""

    def __init__(self, model: nn.Module) -> None:
        self._text = getattr(model, "language_model", model)
        self._shell: Any = copy.copy(self._text)

    def hidden(self, ids: mx.array, cache: Sequence[Any] | None = None) -> mx.array:
        """Hidden states (B, T, D) from ids (B, T), normalised as the head expects them."""
        states: mx.array = self._text.model(ids, cache=cache)  # by name: some bodies take a mask before it
        return states

    def logits(self, hidden: mx.array) -> mx.array:
        """Logits (B, T, V) from hidden states (B, T, D), with the architecture's own soft caps and scales."""
        self._shell.model = _FixedBody(self._text.model, hidden)
        logits: mx.array = self._shell(mx.zeros(hidden.shape[:2], dtype=mx.int32))
        return logits


class WholeModel:
    """Stands in for a SplitModel where the architecture cannot be split: its hidden states are the logits."""

    def __init__(self, model: nn.Module) -> None:
        self._model: Any = model

    def hidden(self, ids: mx.array, cache: Sequence[Any] | None = None) -> mx.array:
        """Logits (B, T, V) from ids (B, T)."""
        logits: mx.array = self._model(ids, cache=cache)
        return logits

    def logits(self, hidden: mx.array) -> mx.array:
        """`hidden` itself, (B, T, V)."""
        return hidden


class _FixedBody:
    """Stands in for a body and returns hidden states that were computed before."""

    def __init__(self, body: Any, hidden: mx.array) -> None:
        self._body, self._hidden = body, hidden

    def __call__(self, *args: object, **kwargs: object) -> mx.array:
        return self._hidden

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)


def split_model(model: nn.Module) -> SplitModel | WholeModel:
    """The model in two halves if a probe shows that they give the logits of the whole, else in one piece."""
    ids = mx.array(PROBE_IDS)  # (1, T)
    expected = model(ids)  # (1, T, V)
    try:
        split = SplitModel(model)
        logits = split.logits(split.hidden(ids))
        agrees = logits.shape == expected.shape and _relative_difference(logits, expected) <= TOLERANCE
    except (AttributeError, TypeError, ValueError, KeyError):  # the architecture is built in another way
        agrees = False
    return split if agrees else WholeModel(model)


def _relative_difference(logits: mx.array, expected: mx.array) -> float:
    largest = mx.maximum(mx.abs(expected).max(), 1e-6)
    return cast("float", (mx.abs(logits - expected).max() / largest).item())
