"""LoRA adapters (Hu et al. 2021) in mlx-lm's file layout, put on and taken off one base model in memory."""

from __future__ import annotations

import errno
import json
import math
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten, tree_map, tree_unflatten
from mlx_lm.tuner.utils import linear_to_lora_layers

from msm_mlx.engine.adapter_files import CONFIG, WEIGHTS
from msm_mlx.errors import MsmError
from msm_mlx.files import replacing, write_json

RETRAIN = "once its folder is moved away, the recipe's command trains it again"


@dataclass(frozen=True)
class LoraShape:
    """The settings that decide the shape and strength of an adapter."""

    rank: int
    scale: float
    """The factor on the low-rank product: alpha / rank in the LoRA paper."""


def add_lora(model: nn.Module, shape: LoraShape, seed: int) -> None:
    """Freeze the base and put a fresh adapter, which changes nothing yet, on every linear layer of every block."""
    model.freeze()
    mx.random.seed(seed)
    linear_to_lora_layers(model, -1, {"rank": shape.rank, "scale": shape.scale, "dropout": 0.0})
    mx.eval(model.parameters())


def remove_lora(model: nn.Module) -> None:
    """Undo `add_lora`, but for the base's being frozen."""
    layers = [(name, module) for name, module in model.named_modules() if "lora_a" in module]
    bare = [(name, layer.linear if "linear" in layer else layer.embedding) for name, layer in layers]
    if bare:
        model.update_modules(tree_unflatten(bare))


def adapter_weights(model: nn.Module) -> dict[str, mx.array]:
    """The weights of the adapter that `model` has, by name; empty without one that `add_lora` put on it."""
    return dict(tree_flatten(model.trainable_parameters()))


def set_adapter(model: nn.Module, weights: dict[str, mx.array]) -> None:
    """Replace the weights of the adapter that `model` has.

    Raises:
        MsmError: if the names or shapes of `weights` are not exactly those of the adapter.
    """
    expected = {name: value.shape for name, value in adapter_weights(model).items()}
    shapes = {name: value.shape for name, value in weights.items()}
    if differ := sorted(name for name in expected.keys() | shapes.keys() if expected.get(name) != shapes.get(name)):
        name = differ[0]
        raise MsmError(
            f"an adapter does not fit the model: {name} is {shapes.get(name, 'missing')} in the adapter and "
            f"{expected.get(name, 'missing')} in the model ({len(differ)} tensors differ)"
        )
    model.load_weights(list(weights.items()), strict=False)
    mx.eval(model.parameters())


@contextmanager
def cast_adapter(model: nn.Module, dtype: mx.Dtype) -> Iterator[None]:
    """The adapter computes in `dtype`, while the weights that are trained, and their gradients, keep their own type."""
    weights = model.trainable_parameters()
    model.update(tree_map(lambda weight: weight.astype(dtype), weights))
    try:
        yield
    finally:
        model.update(weights)


def lora_layers(model: nn.Module) -> Iterator[Any]:
    """The layers that carry the adapter of `model`; the `scale` of each is the factor on its low-rank product."""
    return (module for module in model.modules() if "lora_a" in module)


def clear_adapter(model: nn.Module) -> None:
    """Set every `lora_b` to zero, so that the model computes exactly what its base does."""
    zeros = {name: mx.zeros_like(value) for name, value in adapter_weights(model).items() if name.endswith("lora_b")}
    model.load_weights(list(zeros.items()), strict=False)


def has_adapter(model: nn.Module) -> bool:
    """Whether `add_lora` has put an adapter on `model`, even one that is cleared."""
    return any(name.endswith("lora_a") for name in adapter_weights(model))


def use_adapter(model: nn.Module, folder: Path) -> None:
    """Make the model answer with the adapter in `folder`.

    Raises:
        MsmError: if it cannot be read, or does not fit the model.
    """
    weights, shape = load_adapter(folder), adapter_shape(folder)
    if any(shape.rank not in value.shape for value in weights.values()):
        raise MsmError(f"{folder / CONFIG}: says rank {shape.rank}, which its weights do not have; {RETRAIN}")
    if not _has_room(model, weights):
        remove_lora(model)
        add_lora(model, shape, 0)
    for layer in lora_layers(model):
        layer.scale = shape.scale
    try:
        set_adapter(model, weights)
    except MsmError as error:
        raise MsmError(f"{folder}: {error}; an adapter answers only over the base that it was trained on") from error


def _has_room(model: nn.Module, weights: Mapping[str, mx.array]) -> bool:
    """Whether `model` has an adapter of the rank of `weights`."""
    places = adapter_weights(model) if has_adapter(model) else {}
    return bool(places) and all(places[name].shape == value.shape for name, value in weights.items() if name in places)


def use_base(model: nn.Module) -> None:
    """Make the model answer as its base."""
    if has_adapter(model):
        clear_adapter(model)


def save_adapter(
    folder: Path, weights: dict[str, mx.array], shape: LoraShape, base: str, *, source: str | None = None
) -> None:
    """Write `folder` so that `mlx_lm generate --adapter-path folder` reads it; with the `source` of an adapter that was
    not trained here."""
    parameters = {"rank": shape.rank, "scale": shape.scale, "dropout": 0.0}
    config = {"fine_tune_type": "lora", "num_layers": -1, "lora_parameters": parameters, "model": base}
    write_json(folder / CONFIG, config | ({"source": source} if source else {}))
    save_arrays(folder / WEIGHTS, weights, {"format": "mlx"})


def load_adapter(folder: Path) -> dict[str, mx.array]:
    """The weights of the adapter in `folder`.

    Raises:
        MsmError: if they cannot be read, are no pairs of factors, or have numbers that are not finite.
    """
    path = folder / WEIGHTS
    try:
        weights = load_arrays(path)[0]
    except MsmError as error:
        raise MsmError(f"{error}; {RETRAIN}") from error
    if problem := _problem_of(weights):
        raise MsmError(f"{path}: {problem}; {RETRAIN}")
    return weights


def _problem_of(weights: Mapping[str, mx.array]) -> str:
    """What keeps tensors from being a LoRA adapter that computes something, as a clause; empty if nothing does."""
    layers = {name.rpartition(".")[0] for name in weights}
    factors = {f"{layer}.{factor}" for layer in layers for factor in ("lora_a", "lora_b")}
    if lone := sorted(factors ^ weights.keys()):
        return f"not a whole LoRA adapter: {lone[0]} is {'missing' if lone[0] in factors else 'no factor of one'}"
    spoilt = next((name for name, value in weights.items() if not mx.isfinite(value).all().item()), None)
    return f"{spoilt} has numbers that are not finite" if spoilt else ""


def adapter_shape(folder: Path) -> LoraShape:
    """Rank and scale of the adapter in `folder`.

    Raises:
        MsmError: if its configuration cannot be read.
    """
    try:
        parameters = json.loads((folder / CONFIG).read_text(encoding="utf-8"))["lora_parameters"]
        shape = LoraShape(int(parameters["rank"]), float(parameters["scale"]))
        if shape.rank < 1 or not math.isfinite(shape.scale):
            raise ValueError(f"rank {shape.rank} and scale {shape.scale}")
        return shape
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise MsmError(f"{folder / CONFIG}: not an adapter of mlx-lm: {error}; {RETRAIN}") from error


def save_arrays(path: Path, arrays: dict[str, mx.array], metadata: dict[str, str]) -> None:
    """Write a safetensors file, whole or not at all.

    Raises:
        OSError: if it cannot be written.
    """
    mx.eval(list(arrays.values()))
    with replacing(path) as partial:
        try:
            mx.save_safetensors(str(partial), arrays, metadata)
        except RuntimeError as error:  # mlx does not say why a write failed
            disk_full = shutil.disk_usage(path.parent).free < sum(array.nbytes for array in arrays.values())
            raise OSError(errno.ENOSPC if disk_full else errno.EIO, str(error)) from error


def load_arrays(path: Path) -> tuple[dict[str, mx.array], dict[str, str]]:
    """Arrays and metadata of a safetensors file.

    Raises:
        MsmError: if the file cannot be read.
    """
    try:
        content: Any = mx.load(str(path), format="safetensors", return_metadata=True)
    except (RuntimeError, OSError, ValueError) as error:
        raise MsmError(f"{path}: cannot be read: {error}") from error
    arrays, metadata = content
    return dict(arrays), dict(metadata)
