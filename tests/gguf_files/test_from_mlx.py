"""What is written of a model of mlx-lm is what llama.cpp's converter writes, and it is read back as that model."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from helpers.arrays import flat
from helpers.gguf_files import TinyGguf, byte_level, sentencepiece, tiny_gguf

from msm_mlx.gguf_files.folder import read_model
from msm_mlx.gguf_files.from_mlx import architecture_name, describe_model, read_as_imported
from msm_mlx.gguf_files.recognise import recognise
from msm_mlx.gguf_files.source import GgufError, GgufSource, SourceTensor, open_source
from msm_mlx.gguf_files.write import write_source

LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
LLAMA3 |= {"original_max_position_embeddings": 8192}


def described(tiny: TinyGguf, folder: Path) -> GgufSource:
    """What is to be written of a tiny model, whose tokenizer the import has made."""
    model: Any = tiny.model
    tokenizer = read_model(open_source(tiny.write(folder / "theirs.gguf"))).tokenizer
    parameters = flat(model.parameters())
    tensors = {
        name: SourceTensor(name, value.shape, "F32", partial(np.array, value)) for name, value in parameters.items()
    }
    rows = parameters["model.embed_tokens.weight"].shape[0]
    path = folder / "ours.gguf"
    stops = [int(tokenizer.eos_token_id)]
    vocabulary = recognise(tokenizer, rows, stops=stops, template=str(tokenizer.chat_template), path=path)
    settings = dict(vars(model.args))
    return describe_model(path, tiny.architecture, settings, tensors, vocabulary, {"general.name": "Tiny"})


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3", "gemma3"])
def test_tensors_have_the_names_and_values_that_llama_cpp_gives_them(architecture: str, tmp_path: Path) -> None:
    tiny = tiny_gguf(architecture)
    source = described(tiny, tmp_path)

    assert source.tensors.keys() == tiny.tensors.keys()
    for name, values in tiny.tensors.items():
        assert np.array_equal(source.tensors[name].read(), values), name


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3", "gemma3"])
def test_metadata_are_those_of_llama_cpp(architecture: str, tmp_path: Path) -> None:
    tiny = tiny_gguf(architecture)
    source = described(tiny, tmp_path)
    own = {name: value for name, value in tiny.metadata.items() if name.startswith(architecture)}

    assert own.items() <= source.metadata.items()
    assert source.metadata["general.architecture"] == architecture


@pytest.mark.parametrize(
    ("architecture", "tokenizer", "changes"),
    [
        ("llama", byte_level("smollm"), {}),
        ("llama", sentencepiece(), {"rope_scaling": LLAMA3}),
        ("qwen2", byte_level("qwen2"), {}),
        ("qwen3", byte_level("qwen2"), {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}),
        ("gemma3", sentencepiece(add_space_prefix=False), {"rope_scaling": {"rope_type": "linear", "factor": 8.0}}),
    ],
)
def test_a_file_is_read_back_as_the_model(
    architecture: str, tokenizer: dict[str, Any], changes: dict[str, Any], tmp_path: Path
) -> None:
    tiny = tiny_gguf(architecture, tokenizer, **changes)
    source, model = described(tiny, tmp_path), tiny.model
    planned = read_as_imported(source, vars(model.args))
    write_source(source, source.path, "f16")
    back = read_model(open_source(source.path))
    ids = mx.array([list(range(5, 35))])
    wanted = np.array(model(ids))
    for tensor in back.tensors:
        model.load_weights([(tensor.name, mx.array(tensor.read()))], strict=False)
    halves = np.array(model(ids))

    assert planned.config == back.config
    assert 0 < np.abs(halves - wanted).max() < 1e-2 * np.abs(wanted).max()
    assert back.tokenizer.get_vocab() == planned.tokenizer.get_vocab()
    scaling = back.config.get("rope_scaling") or {}
    assert scaling.get("factor") == changes.get("rope_scaling", {}).get("factor")


@pytest.mark.parametrize(
    ("architecture", "changes", "told"),
    [
        ("llama", {"rope_traditional": True}, "a file cannot say that rope_traditional is True"),
        (
            "llama",
            {"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 8},
            "cannot say that (layer_types|sliding_window) is",
        ),
        ("llama", {"rope_scaling": {"rope_type": "dynamic", "factor": 2.0}}, "the base scales its positions by"),
        ("llama", {"rope_scaling": LLAMA3 | {"low_freq_factor": 2.0}}, "does not follow from a factor of 8"),
        ("gemma3", {"query_pre_attn_scalar": 7}, "cannot say that query_pre_attn_scalar is 7: it would be read as 32"),
        ("llama", {"max_position_embeddings": None}, "does not say max_position_embeddings"),
    ],
)
def test_what_a_file_cannot_say_is_refused(
    architecture: str, changes: dict[str, Any], told: str, tmp_path: Path
) -> None:
    tiny = tiny_gguf(architecture)
    for name, value in changes.items():
        setattr(tiny.model.args, name, value)

    with pytest.raises(GgufError, match=f"{told}.*; use --format fused"):
        read_as_imported(described(tiny, tmp_path), vars(tiny.model.args))
    assert not (tmp_path / "ours.gguf").exists()


def test_another_architecture_is_refused() -> None:
    with pytest.raises(GgufError, match="of the architecture phi3; llama, qwen2, qwen3, gemma3 can be written as GGUF"):
        architecture_name("phi3", Path("out.gguf"))
