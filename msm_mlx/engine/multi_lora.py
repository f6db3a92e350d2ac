"""Several LoRA adapters over one base at once: each row of a batch has its own adapter, or none.

The idea of batching rows with different adapters is that of Punica (Chen et al. 2023, "Multi-Tenant LoRA Serving").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_unflatten

from msm_mlx.errors import MsmError

Weights = dict[str, mx.array]
LoraFactors = tuple[mx.array, mx.array]
"""`lora_a` (in, r) and `lora_b` (r, out) of one layer, or stacks of both: (N, in, r) and (N, r, out)."""


@dataclass(frozen=True)
class NamedAdapter:
    """An adapter as mlx-lm stores it."""

    source: str
    """What error messages call it."""
    weights: Weights
    """`lora_a` (in, r) and `lora_b` (r, out) of every layer that the adapter changes, by name."""
    scale: float
    """The factor on the product of the two."""


@dataclass(frozen=True)
class _BatchAdapters:
    """The adapters of the rows of one batch."""

    rows: int
    indices: mx.array | None  # (B,) into the stack; None where every row is the base
    scales: mx.array  # (B, 1, 1)
    is_base: mx.array | None  # (B, 1, 1), true for rows without an adapter; None where every row has one


class RowAdapters:
    """Selects the adapter of each row of a batch, for all layers of one model. Outside `using` all rows are the base.

    scales: the scale of each adapter in the stack.
    """

    def __init__(self, scales: Sequence[float]) -> None:
        self.selection: _BatchAdapters | None = None
        self._scales = tuple(scales)

    @contextmanager
    def using(self, adapters: Sequence[int | None]) -> Iterator[None]:
        """Row i of every batch runs with `adapters[i]`, an index into the stack; None is the base."""
        any_adapter = any(index is not None for index in adapters)
        self.selection = _BatchAdapters(
            rows=len(adapters),
            indices=mx.array([index or 0 for index in adapters], mx.uint32) if any_adapter else None,
            scales=mx.array([0.0 if index is None else self._scales[index] for index in adapters])[:, None, None],
            is_base=mx.array([index is None for index in adapters])[:, None, None] if None in adapters else None,
        )
        try:
            yield
        finally:
            self.selection = None


class StackedLoRALinear(nn.Module):  # type: ignore[misc]  # mlx.nn has no types
    """A linear layer, plain or quantised, with a stack of low-rank updates: `a` (N, in, r) and `b` (N, r, out)."""

    def __init__(self, linear: nn.Module, a: mx.array, b: mx.array, adapters: RowAdapters) -> None:
        super().__init__()
        self.linear = linear
        self.lora_a = a
        self.lora_b = b
        self.adapters = adapters

    def __call__(self, x: mx.array) -> mx.array:
        """(B, ..., in) to (B, ..., out)."""
        y: mx.array = self.linear(x)
        selection = self.adapters.selection
        if selection is None or selection.indices is None:
            return y
        if x.ndim < 2 or x.shape[0] != selection.rows:
            raise MsmError("this model mixes the rows of a batch; its variants cannot answer together")
        flat = x.reshape(x.shape[0], -1, x.shape[-1])  # (B, T, in)
        low_rank = mx.gather_mm(flat, self.lora_a, rhs_indices=selection.indices)  # (B, T, r)
        change = mx.gather_mm(low_rank, self.lora_b, rhs_indices=selection.indices)  # (B, T, out)
        change = selection.scales.astype(change.dtype) * change  # not folded into `b`, which would round differently
        if selection.is_base is not None:  # not a product with 0, which would be NaN where an adapter overflows
            change = mx.where(selection.is_base, 0.0, change)
        return y + change.reshape(y.shape).astype(x.dtype)


def can_stack(model: nn.Module, adapters: Sequence[NamedAdapter]) -> bool:
    """Whether all layers that the adapters change, and the model has, are linear ones."""
    modules = dict(model.named_modules())
    layers = {name.rpartition(".")[0] for adapter in adapters for name in adapter.weights} & modules.keys()
    return all(_dimensions(modules[layer]) for layer in layers)


def unstack_adapters(model: nn.Module) -> None:
    """Undo `stack_adapters`."""
    stacked = [(name, module.linear) for name, module in model.named_modules() if isinstance(module, StackedLoRALinear)]
    if stacked:
        model.update_modules(tree_unflatten(stacked))


def stack_adapters(model: nn.Module, adapters: Sequence[NamedAdapter]) -> RowAdapters:
    """Put all `adapters` over `model` in place and evaluate everything. Smaller ranks are padded with zeros.

    Raises:
        MsmError: naming the adapter that does not fit the model.
    """
    modules = dict(model.named_modules())
    factors = [_factors_by_layer(adapter, modules) for adapter in adapters]
    row_adapters = RowAdapters([adapter.scale for adapter in adapters])
    layers = {
        layer: StackedLoRALinear(modules[layer], *_stack(modules[layer], [f.get(layer) for f in factors]), row_adapters)
        for layer in sorted({layer for by_layer in factors for layer in by_layer})
    }
    if layers:
        model.update_modules(tree_unflatten(list(layers.items())))
    mx.eval(model.parameters())  # mlx cannot compute an array in another thread than the one that described it
    return row_adapters


def _factors_by_layer(adapter: NamedAdapter, modules: dict[str, nn.Module]) -> dict[str, LoraFactors]:
    """The factors of every layer that the adapter changes."""
    names = {name.rpartition(".")[0] for name in adapter.weights}
    if {f"{layer}.{factor}" for layer in names for factor in ("lora_a", "lora_b")} != adapter.weights.keys():
        raise MsmError(f"{adapter.source}: not a LoRA adapter; only LoRA variants can be compared side by side")
    factors = {}
    for layer in sorted(names):
        a, b = adapter.weights[f"{layer}.lora_a"], adapter.weights[f"{layer}.lora_b"]
        fits = a.ndim == b.ndim == 2 and a.shape[1] == b.shape[0]
        if not fits or (a.shape[0], b.shape[1]) != _dimensions(modules.get(layer)):
            raise misfit(adapter, layer)
        factors[layer] = (a, b)
    return factors


def misfit(adapter: NamedAdapter, layer: str) -> MsmError:
    return MsmError(
        f"{adapter.source}: does not fit the model at {layer}, which has no such layer or one of another shape; an "
        "adapter answers only over the base that it was trained on"
    )


def _dimensions(module: nn.Module | None) -> tuple[int, int] | None:
    """Inputs and outputs of a linear layer; None for any other module."""
    if isinstance(module, nn.QuantizedLinear):
        return module.weight.shape[1] * 32 // module.bits, module.weight.shape[0]
    return (module.weight.shape[1], module.weight.shape[0]) if isinstance(module, nn.Linear) else None


def _stack(module: nn.Module, factors: Sequence[LoraFactors | None]) -> LoraFactors:
    """(N, in, r) and (N, r, out), evaluated; an adapter without this layer has zeros."""
    inputs, outputs = _dimensions(module) or (0, 0)
    present = [pair for pair in factors if pair]
    rank = max(a.shape[1] for a, _ in present)
    zeros = (mx.zeros((inputs, rank), present[0][0].dtype), mx.zeros((rank, outputs), present[0][1].dtype))
    pairs = [pair or zeros for pair in factors]
    a = mx.stack([mx.pad(a, [(0, 0), (0, rank - a.shape[1])]) for a, _ in pairs])
    b = mx.stack([mx.pad(b, [(0, rank - b.shape[0]), (0, 0)]) for _, b in pairs])
    mx.eval(a, b)  # layer by layer, so that memory never holds all adapters and all stacks at once
    return a, b
