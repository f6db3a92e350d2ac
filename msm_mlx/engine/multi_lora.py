"""Several LoRA adapters over one base at once: every row of a batch runs with an adapter of its own, or with none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_unflatten

from msm_mlx.engine.adapters import TRAIN_AGAIN
from msm_mlx.errors import MsmError

Weights = dict[str, mx.array]


@dataclass(frozen=True)
class NamedAdapter:
    """An adapter as mlx-lm stores it: `lora_a` (in, r) and `lora_b` (r, out) of layers, and the factor on both."""

    source: str  # what errors call it
    weights: Weights
    scale: float


@dataclass(frozen=True)
class _Rows:
    """What the rows of one batch run with."""

    count: int
    chosen: mx.array | None  # (B,) indices into the stack; None where every row is the base
    scales: mx.array  # (B, 1, 1)
    base: mx.array | None  # (B, 1, 1), true for rows without an adapter; None where every row has one


class RowAdapters:
    """Which adapter each row of a batch runs with, for all layers of one model. Outside `using` it is the base."""

    def __init__(self, scales: Sequence[float]) -> None:
        self.now: _Rows | None = None
        self._scales = tuple(scales)

    @contextmanager
    def using(self, rows: Sequence[int | None]) -> Iterator[None]:
        """Run row `i` of every batch with adapter `rows[i]`; None is the base."""
        trained = any(row is not None for row in rows)
        self.now = _Rows(
            count=len(rows),
            chosen=mx.array([row or 0 for row in rows], mx.uint32) if trained else None,
            scales=mx.array([0.0 if row is None else self._scales[row] for row in rows])[:, None, None],
            base=mx.array([row is None for row in rows])[:, None, None] if None in rows else None,
        )
        try:
            yield
        finally:
            self.now = None


class StackedLoRALinear(nn.Module):  # type: ignore[misc]  # mlx.nn has no types
    """A linear layer, plain or quantised, under a stack of low-rank changes: `a` (N, in, r) and `b` (N, r, out)."""

    def __init__(self, linear: nn.Module, a: mx.array, b: mx.array, adapters: RowAdapters) -> None:
        super().__init__()
        self.linear = linear
        self.lora_a = a
        self.lora_b = b
        self.adapters = adapters

    def __call__(self, x: mx.array) -> mx.array:
        """(B, ..., in) to (B, ..., out)."""
        y: mx.array = self.linear(x)
        rows = self.adapters.now
        if rows is None or rows.chosen is None:
            return y
        if x.ndim < 2 or x.shape[0] != rows.count:
            raise MsmError("this model mixes the rows of a batch; its variants cannot answer together")
        flat = x.reshape(x.shape[0], -1, x.shape[-1])
        low = mx.gather_mm(flat, self.lora_a, rhs_indices=rows.chosen)  # (B, T, r)
        change = mx.gather_mm(low, self.lora_b, rhs_indices=rows.chosen)  # (B, T, out)
        change = rows.scales.astype(change.dtype) * change  # not folded into `b`, where it would round differently
        if rows.base is not None:  # a product with zero would not do: the base must not see another's infinity
            change = mx.where(rows.base, 0.0, change)
        return y + change.reshape(y.shape).astype(x.dtype)


def stack_adapters(model: nn.Module, adapters: Sequence[NamedAdapter]) -> RowAdapters:
    """Put all `adapters` over `model` in place, the shorter ones padded with zeros, and evaluate everything.

    Raises:
        MsmError: naming the adapter that does not fit the model.
    """
    modules = dict(model.named_modules())
    factors = [_by_layer(adapter, modules) for adapter in adapters]
    shared = RowAdapters([adapter.scale for adapter in adapters])
    layers = {
        layer: StackedLoRALinear(modules[layer], *_stack(modules[layer], [f.get(layer) for f in factors]), shared)
        for layer in sorted({layer for by_layer in factors for layer in by_layer})
    }
    if layers:
        model.update_modules(tree_unflatten(list(layers.items())))
    mx.eval(model.parameters())  # arrays that are still to be computed cannot go to another thread
    return shared


Factors = tuple[mx.array, mx.array]


def _by_layer(adapter: NamedAdapter, modules: dict[str, nn.Module]) -> dict[str, Factors]:
    """The factors of every layer that the adapter changes."""
    names = {name.rpartition(".")[0] for name in adapter.weights}
    if {f"{layer}.{factor}" for layer in names for factor in ("lora_a", "lora_b")} != adapter.weights.keys():
        raise MsmError(f"{adapter.source}: not a LoRA adapter; only LoRA variants can be compared side by side")
    factors = {}
    for layer in sorted(names):
        a, b = adapter.weights[f"{layer}.lora_a"], adapter.weights[f"{layer}.lora_b"]
        fits = a.ndim == b.ndim == 2 and a.shape[1] == b.shape[0]
        if not fits or (a.shape[0], b.shape[1]) != _dimensions(modules.get(layer)):
            raise MsmError(
                f"{adapter.source}: does not fit the model at {layer}: it was probably trained on another base; "
                f"{TRAIN_AGAIN}"
            )
        factors[layer] = (a, b)
    return factors


def _dimensions(module: nn.Module | None) -> tuple[int, int] | None:
    """Inputs and outputs of a linear layer; None of anything else."""
    if isinstance(module, nn.QuantizedLinear):
        return module.weight.shape[1] * 32 // module.bits, module.weight.shape[0]
    return (module.weight.shape[1], module.weight.shape[0]) if isinstance(module, nn.Linear) else None


def _stack(module: nn.Module, factors: Sequence[Factors | None]) -> Factors:
    """(N, in, r) and (N, r, out), evaluated; no factors count as zeros."""
    inputs, outputs = _dimensions(module) or (0, 0)
    known = [pair for pair in factors if pair]
    rank = max(a.shape[1] for a, _ in known)
    nothing = (mx.zeros((inputs, rank), known[0][0].dtype), mx.zeros((rank, outputs), known[0][1].dtype))
    pairs = [pair or nothing for pair in factors]
    a = mx.stack([mx.pad(a, [(0, 0), (0, rank - a.shape[1])]) for a, _ in pairs])
    b = mx.stack([mx.pad(b, [(0, rank - b.shape[0]), (0, 0)]) for _, b in pairs])
    mx.eval(a, b)  # layer by layer, so that the single adapters do not lie beside all of the stacks
    return a, b
