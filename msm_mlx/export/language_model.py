"""A language model whose weights stay in their files until they are computed with, one layer at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_flatten
from mlx_lm.utils import load_model

from msm_mlx.engine.adapters import adapter_shape, load_adapter
from msm_mlx.errors import SetupError
from msm_mlx.models.folder import quiet_transformers
from msm_mlx.text.wording import error_line

PREFIX = "language_model."  # of the names in a model that sees pictures too

ReadWeight = Callable[[str], mx.array]
"""Reads the tensor of a name, each once."""


def open_language_model(folder: Path) -> nn.Module:
    """The language model in `folder`, of one that sees pictures too the part that reads text. Nothing is computed.

    Raises:
        SetupError: naming the folder, if mlx-lm cannot read it.
    """
    try:
        with quiet_transformers():
            model, _ = load_model(folder, lazy=True)
    except Exception as error:  # mlx-lm documents no narrower class
        raise SetupError(
            f"model folder {folder}: cannot be loaded: {error_line(error)}; copy or download it again"
        ) from error
    return getattr(model, PREFIX[:-1], model)


def kind_of(model: nn.Module) -> str:
    """mlx-lm's name of the architecture."""
    return type(model).__module__.rpartition(".")[2]


def settings_of(model: Any) -> dict[str, Any]:
    """All settings that the model was built from."""
    return dict(vars(model.args))


def weights_of(model: nn.Module) -> dict[str, mx.array]:
    """The parameters by name."""
    return dict(tree_flatten(model.parameters()))


def build_model(config: Mapping[str, Any], names: Collection[str]) -> nn.Module:
    """The model that mlx-lm builds from a configuration, for weights of these `names`."""
    module: Any = import_module(f"mlx_lm.models.{config['model_type']}")
    model: Any = module.Model(module.ModelArgs.from_dict(dict(config)))
    if "lm_head.weight" not in names:
        model.sanitize({})  # by which gemma3 finds out that its output is tied
    return cast("nn.Module", model)


@dataclass(frozen=True)
class FusedModel:
    """The model in `folder` with an adapter added to its weights in 32 bits. Neither is ever in memory whole."""

    folder: Path
    adapter: Mapping[str, mx.array]
    """Without it, the model as it is."""
    scale: float

    @classmethod
    def of(cls, folder: Path, adapter: Path) -> FusedModel:
        weights = {name.removeprefix(PREFIX): value for name, value in load_adapter(adapter).items()}
        return cls(folder, weights, adapter_shape(adapter).scale)

    def reader(self) -> ReadWeight:
        """Reads the tensors in 32 bits. One that has been read is let go."""
        files = weights_of(open_language_model(self.folder))

        def read(name: str) -> mx.array:
            weight = files.pop(name).astype(mx.float32)
            layer = name.removesuffix(".weight")
            if (factor := self.adapter.get(f"{layer}.lora_a")) is None:
                return weight
            delta = self.adapter[f"{layer}.lora_b"].T @ factor.T  # (outputs, inputs)
            return weight + self.scale * delta

        return read


class _Streamed:
    """A layer that has its weights only while it computes."""

    def __init__(self, layer: nn.Module, prefix: str, read: ReadWeight) -> None:
        self.layer, self.prefix, self.read = layer, prefix, read

    def __call__(self, *inputs: Any, **options: Any) -> mx.array:
        empty = self.layer.parameters()  # as it was built, not computed
        names = [name for name, _ in tree_flatten(empty)]
        self.layer.load_weights([(name, self.read(self.prefix + name)) for name in names])
        output: mx.array = self.layer(*inputs, **options)
        mx.eval(output)
        self.layer.update(empty)
        return output

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)


def streamed_logits(model: Any, read: ReadWeight, ids: Sequence[int]) -> np.ndarray[Any, Any]:
    """The logits of a prompt: (T, V). The weights of the model, whatever they are, are replaced by what is read."""
    layers = list(model.model.layers)
    model.model.layers = []
    model.load_weights([(name, read(name)) for name in weights_of(model)])
    model.model.layers = [_Streamed(layer, f"model.layers.{number}.", read) for number, layer in enumerate(layers)]
    return np.array(model(mx.array([list(ids)]))[0].astype(mx.float32))
