"""Somebody else's adapter made into one of mlx-lm's layout that the model here takes whole."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from msm_mlx.engine.adapter_files import PEFT_WEIGHTS, name_in_mlx
from msm_mlx.engine.adapter_layouts import AdapterDescription
from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora, load_arrays, remove_lora
from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.models.linear_layers import plain_name


def ready_weights(model: nn.Module, adapter: AdapterDescription) -> dict[str, mx.array]:
    """The factors of `adapter` for every layer of `model` that can have some, those of layers that it leaves alone
    being zeros. The model is left as its base.

    Raises:
        RecipeError: if the adapter is not one for this model.
        MsmError: if its file cannot be read.
    """
    remove_lora(model)
    add_lora(model, LoraShape(adapter.rank, adapter.scale), 0)
    blank = {name: mx.zeros(value.shape, mx.float32) for name, value in adapter_weights(model).items()}
    remove_lora(model)
    names = {plain_name(name): name for name in blank}
    weights = dict(blank)
    for name, value in _read(adapter).items():
        place = names.get(plain_name(name))
        layer = name.rpartition(".")[0]
        if place is None:
            raise RecipeError(
                f"{adapter.folder}: changes {layer}, which is no layer of the model's blocks; take an adapter that was "
                "trained over this model, and on these layers alone"
            )
        if value.shape != blank[place].shape:
            raise RecipeError(
                f"{adapter.folder}: does not fit the model: {name} is {value.shape} in the adapter and "
                f"{blank[place].shape} for the model; take an adapter that was trained over this model"
            )
        if not mx.isfinite(value).all().item():
            raise RecipeError(f"{adapter.folder}: {name} has numbers that are not finite; copy or download it again")
        weights[place] = value
    if not any(value.any().item() for name, value in weights.items() if name.endswith(".lora_b")):
        raise RecipeError(
            f"{adapter.folder}: changes nothing, for all its factors lora_b are zeros; take it as it is after training"
        )
    return weights


def _read(adapter: AdapterDescription) -> dict[str, mx.array]:
    """Its factors in fp32, named and laid as mlx-lm does."""
    arrays = load_arrays(adapter.folder / adapter.weights)[0]
    if adapter.weights != PEFT_WEIGHTS:
        return {name: value.astype(mx.float32) for name, value in arrays.items()}
    weights = {}
    for name, value in arrays.items():
        ours = name_in_mlx(name)
        if ours is None:
            raise MsmError(f"{adapter.folder}: {name} is no factor of a linear layer")
        weights[ours] = mx.contiguous(value.T.astype(mx.float32))
    return weights
