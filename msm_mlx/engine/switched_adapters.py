"""Several adapters over one base, of which one is on at a time, for all rows of a batch.

Slower than a stack (`multi_lora`), and good for every layer that mlx-lm can adapt: embeddings, layers with adapters of
their own, and the experts of a mixture, among whom the tokens of a batch are sorted, whichever row they are from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_unflatten

from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora, lora_layers
from msm_mlx.engine.multi_lora import NamedAdapter, misfit


class SwitchedAdapters:
    """Puts mlx-lm's own adapter layers on `model`, and one adapter's weights into them at a time.

    Raises:
        MsmError: naming the adapter that does not fit the model.
    """

    def __init__(self, model: nn.Module, adapters: Sequence[NamedAdapter]) -> None:
        add_lora(model, LoraShape(1, 1.0), 0)
        self._model = model
        self._adapters = list(adapters)
        self._base = adapter_weights(model)
        for adapter in adapters:
            for name, value in adapter.weights.items():
                if name not in self._base or _without_rank(name, value) != _without_rank(name, self._base[name]):
                    raise misfit(adapter, name.rpartition(".")[0])

    @contextmanager
    def using(self, adapters: Sequence[int | None]) -> Iterator[None]:
        """All rows run with the one adapter that `adapters` name, an index; None is the base."""
        [index] = set(adapters)
        weights = self._base if index is None else self._base | self._adapters[index].weights
        scale = 1.0 if index is None else self._adapters[index].scale
        self._model.update(tree_unflatten(list(weights.items())))
        for layer in lora_layers(self._model):
            layer.scale = scale
        yield


def _without_rank(name: str, value: mx.array) -> tuple[int, ...]:
    """All but the rank of `lora_a`, (in, r) or (experts, r, in), or `lora_b`, (r, out) or (experts, out, r)."""
    first = name.rpartition(".")[2] != "lora_a"
    if value.ndim == 3:
        return value.shape[:2] if first else (value.shape[0], value.shape[2])
    return value.shape[1:] if first else value.shape[:1]
