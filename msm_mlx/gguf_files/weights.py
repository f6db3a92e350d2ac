"""The tensors of a GGUF file under the names, and with the values, that mlx-lm expects."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten

from msm_mlx.errors import SetupError
from msm_mlx.files import write_json
from msm_mlx.gguf_files.architectures import TOP, Architecture, ModelConfig
from msm_mlx.gguf_files.rope import FACTORS
from msm_mlx.gguf_files.source import Floats, GgufSource, SourceTensor

DTYPES = {"float16": mx.float16, "bfloat16": mx.bfloat16, "float32": mx.float32}
SHARD = 2 * 10**9  # bytes of one safetensors file, all of which are in memory while it is written


@dataclass(frozen=True)
class NamedTensor:
    """A tensor of the file with its name in mlx-lm."""

    name: str
    source: SourceTensor
    heads: int = 0
    """Of a projection whose rotary dimensions llama.cpp has interleaved; 0 of any other tensor."""
    offset: float = 0.0
    """What llama.cpp has added to it."""

    def read(self) -> Floats:
        values = self.source.read() - np.float32(self.offset) if self.offset else self.source.read()
        return halves_of_heads(values, self.heads) if self.heads else values


def halves_of_heads(rows: Floats, heads: int) -> Floats:
    """Undo the order in which llama.cpp keeps the rows of q and k: (heads * D, ...).

    llama.cpp rotates neighbours, rows 2i and 2i + 1 of a head; mlx-lm rows i and i + D / 2.
    """
    size = rows.shape[0] // heads
    return rows.reshape(heads, size // 2, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def neighbours_of_heads(rows: Floats, heads: int) -> Floats:
    """The way back from `halves_of_heads`."""
    size = rows.shape[0] // heads
    return rows.reshape(heads, 2, size // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def name_tensors(source: GgufSource, architecture: Architecture, config: ModelConfig) -> Sequence[NamedTensor]:
    """All tensors of the model, by their names in mlx-lm.

    Raises:
        SetupError: if one is missing, of another shape than the metadata say, or has no place in the model.
    """
    tensors = []
    for tensor in source.tensors.values():
        if tensor.name == FACTORS:
            continue
        name = mlx_name(tensor.name, architecture)
        if name is None:
            problem = f"its tensor {tensor.name} has no place in mlx-lm's {source.architecture}"
            raise source.problem(problem, "choose another model")
        tensors.append(
            NamedTensor(name, tensor, interleaved_heads(name, architecture, config), norm_offset(name, architecture))
        )
    _check_shapes(source, config, tensors)
    return tensors


def interleaved_heads(name: str, architecture: Architecture, config: ModelConfig) -> int:
    """Of the projection `name`, by mlx-lm's name, if llama.cpp has interleaved its rotary dimensions; else 0."""
    if not architecture.interleaved or not name.rpartition(".")[0].endswith(("q_proj", "k_proj")):
        return 0
    return int(config["num_attention_heads" if "q_proj" in name else "num_key_value_heads"])


def norm_offset(name: str, architecture: Architecture) -> float:
    """What llama.cpp has added to the tensor `name`, by mlx-lm's name."""
    return architecture.norm_offset if name.endswith("norm.weight") else 0.0


def mlx_name(name: str, architecture: Architecture) -> str | None:
    """mlx-lm's name of a tensor, the way back from `gguf_name`; None without."""
    if name in TOP:
        return TOP[name]
    block, _, rest = name.removeprefix("blk.").partition(".")
    stem, _, kind = rest.rpartition(".")
    if stem not in architecture.blocks or kind not in ("weight", "bias"):
        return None
    return f"model.layers.{block}.{architecture.blocks[stem]}.{kind}"


def gguf_name(name: str, architecture: Architecture) -> str | None:
    """llama.cpp's name, `blk.3.attn_q.weight` of `model.layers.3.self_attn.q_proj.weight`; None without one."""
    top = {ours: theirs for theirs, ours in TOP.items()}
    if name in top:
        return top[name]
    block, _, rest = name.removeprefix("model.layers.").partition(".")
    stem, _, kind = rest.rpartition(".")
    blocks = {ours: theirs for theirs, ours in architecture.blocks.items()}
    if stem not in blocks or kind not in ("weight", "bias"):
        return None
    return f"blk.{block}.{blocks[stem]}.{kind}"


def _check_shapes(source: GgufSource, config: ModelConfig, tensors: Sequence[NamedTensor]) -> None:
    """Compare them with the parameters of the model that mlx-lm would build. None is computed."""
    module: Any = importlib.import_module(f"mlx_lm.models.{config['model_type']}")
    parameters = dict(tree_flatten(module.Model(module.ModelArgs.from_dict(config)).parameters()))
    if config["tie_word_embeddings"]:
        parameters.pop("lm_head.weight", None)
    shapes = {tensor.name: tensor.source.shape for tensor in tensors}
    if missing := sorted(parameters.keys() - shapes.keys()):
        raise source.problem(f"lacks {len(missing)} tensors, such as that of {missing[0]}")
    for tensor in tensors:
        if tensor.name not in parameters:
            problem = f"its tensor {tensor.source.name} has no place in mlx-lm's {source.architecture}"
            raise source.problem(problem, "choose another model")
        if parameters[tensor.name].shape != tensor.source.shape:
            expected = parameters[tensor.name].shape
            raise source.problem(f"{tensor.source.name} is {tensor.source.shape}, and by its metadata {expected}")


def size_of(tensors: Sequence[NamedTensor], dtype: str) -> int:
    """The bytes that they take in a folder."""
    return sum(int(np.prod(tensor.source.shape)) for tensor in tensors) * DTYPES[dtype].size


def write_weights(folder: Path, tensors: Sequence[NamedTensor], dtype: str, *, shard: int = SHARD) -> None:
    """Dequantise them into safetensors files, with an index if there are several.

    Raises:
        SetupError: if a value does not fit into `dtype`.
    """
    shards = list(_shards(tensors, dtype, shard))
    places: dict[str, str] = {}
    for number, group in enumerate(shards, 1):
        ending = f"-{number:05}-of-{len(shards):05}" if len(shards) > 1 else ""
        file = f"model{ending}.safetensors"
        mx.save_safetensors(str(folder / file), _arrays(group, dtype), {"format": "mlx"})
        places |= dict.fromkeys((tensor.name for tensor in group), file)
    if len(shards) > 1:
        index = {"metadata": {"total_size": size_of(tensors, dtype)}, "weight_map": places}
        write_json(folder / "model.safetensors.index.json", index)


def _shards(tensors: Sequence[NamedTensor], dtype: str, limit: int) -> Iterator[list[NamedTensor]]:
    group: list[NamedTensor] = []
    for tensor in tensors:
        if group and size_of([*group, tensor], dtype) > limit:
            yield group
            group = []
        group.append(tensor)
    yield group


def _arrays(tensors: Sequence[NamedTensor], dtype: str) -> dict[str, mx.array]:
    arrays = {}
    for tensor in tensors:
        values = mx.array(tensor.read())
        array = values.astype(DTYPES[dtype])
        if not mx.all(mx.isfinite(array)).item():
            whole = mx.all(mx.isfinite(values)).item()
            problem = f"is too large for {dtype}; take --dtype bfloat16 or float32" if whole else "is no number"
            raise SetupError(f"a value of {tensor.source.name} {problem}")
        arrays[tensor.name] = array
    return arrays
