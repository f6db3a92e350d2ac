"""A model of mlx-lm as what a GGUF file is to hold, read as the import would read it before it is written."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from msm_mlx.gguf_files.architectures import ARCHITECTURES, Architecture, Metadata, head_size, model_metadata
from msm_mlx.gguf_files.folder import ImportedModel, read_model
from msm_mlx.gguf_files.rope import FACTORS, is_llama3, llama3_factors, rope_metadata
from msm_mlx.gguf_files.source import Floats, GgufError, GgufSource, SourceTensor
from msm_mlx.gguf_files.vocabulary import Vocabulary
from msm_mlx.gguf_files.weights import gguf_name, interleaved_heads, neighbours_of_heads, norm_offset

REMEDY = "use --format fused, which keeps all that mlx-lm has"
_NEEDED = ("max_position_embeddings", "rope_theta")
_ELSEWHERE = ("model_type", "head_dim", "rope_scaling", "rope_parameters", "tie_word_embeddings")


def architecture_name(kind: str, path: Path) -> str:
    """llama.cpp's name of what mlx-lm calls `kind`.

    Raises:
        GgufError: if it is none that can be written.
    """
    names = [name for name, each in ARCHITECTURES.items() if each.model_type == kind]
    if not names:
        known = ", ".join(ARCHITECTURES)
        raise GgufError(path, f"the base is of the architecture {kind}; {known} can be written as GGUF", REMEDY)
    return names[0]


def describe_model(
    path: Path,
    name: str,
    settings: Mapping[str, Any],
    tensors: Mapping[str, SourceTensor],
    vocabulary: Vocabulary,
    general: Metadata,
) -> GgufSource:
    """What the file at `path` is to hold.

    Args:
        name: llama.cpp's of the architecture.
        settings: all of mlx-lm's for the model.
        tensors: by their names in mlx-lm. None is read.
        general: what the metadata say besides.

    Raises:
        GgufError: if a file cannot say all of it.
    """
    config = dict(settings)
    if missing := [each for each in _NEEDED if config.get(each) is None]:
        raise GgufError(path, f"the config.json of the base does not say {missing[0]}", REMEDY)
    scaling = rope_metadata(config.get("rope_scaling"))
    if scaling is None:
        raise GgufError(path, f"the base scales its positions by {config['rope_scaling']}", REMEDY)
    metadata = {"general.architecture": name, "general.type": "model", **general, **model_metadata(name, config)}
    metadata |= {f"{name}.{key}": value for key, value in scaling.items()} | vocabulary.metadata()
    metadata[f"{name}.vocab_size"] = len(vocabulary.tokens)
    sources = [_gguf_tensor(each, ARCHITECTURES[name], config, path) for each in tensors.values()]
    if is_llama3(config.get("rope_scaling")):
        factors = llama3_factors(config["rope_theta"], head_size(config), config["rope_scaling"])
        sources.append(SourceTensor(FACTORS, factors.shape, "F32", lambda: factors))
    return GgufSource(path, metadata, {each.name: each for each in sources})


def read_as_imported(source: GgufSource, settings: Mapping[str, Any]) -> ImportedModel:
    """The model that the import makes of what the file is to hold, with all settings of the model that it is of.

    Raises:
        GgufError: if one is another, or the import would refuse the file.
    """
    try:
        model = read_model(source)
    except GgufError as error:
        raise GgufError(source.path, error.problem, REMEDY) from error
    module = importlib.import_module(f"mlx_lm.models.{model.config['model_type']}")
    back = vars(module.ModelArgs.from_dict(dict(model.config)))
    for name in settings.keys() - _said_elsewhere(settings):
        if not _same(settings[name], back.get(name)):
            problem = f"a file cannot say that {name} is {settings[name]}: it would be read as {back.get(name)}"
            raise GgufError(source.path, problem, REMEDY)
    return model


def _said_elsewhere(settings: Mapping[str, Any]) -> set[str]:
    """The settings that are not compared by name."""
    kinds = settings.get("layer_types")
    slides = kinds is None or "sliding_attention" in kinds
    return {*_ELSEWHERE} if slides else {*_ELSEWHERE, "sliding_window"}  # of no layer, in mlx-lm's llama


def _same(one: Any, other: Any) -> bool:
    numbers = all(isinstance(value, int | float) for value in (one, other))
    return bool(np.isclose(one, other, rtol=1e-6, atol=0.0)) if numbers else one == other


def _gguf_tensor(
    tensor: SourceTensor, architecture: Architecture, config: Mapping[str, Any], path: Path
) -> SourceTensor:
    """The tensor under llama.cpp's name, with what llama.cpp does to its values."""
    name = gguf_name(tensor.name, architecture)
    if name is None:
        raise GgufError(path, f"llama.cpp has no place for {tensor.name}", REMEDY)
    heads = interleaved_heads(tensor.name, architecture, dict(config))
    offset = np.float32(norm_offset(tensor.name, architecture))

    def read() -> Floats:
        values = tensor.read()
        return neighbours_of_heads(values, heads) if heads else values + offset if offset else values

    return SourceTensor(name, tensor.shape, tensor.quantisation, read)
