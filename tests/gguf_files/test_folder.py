"""GGUF files of known models become folders that give the same logits, or nothing is written."""

from __future__ import annotations

import json
from collections import namedtuple
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from helpers.gguf_files import HIDDEN, TinyGguf, sentencepiece, tiny_gguf

from msm_mlx.engine.loaded_model import load_base
from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.gguf_files.folder import read_model, write_model
from msm_mlx.gguf_files.source import open_source


def silent(line: str) -> None:
    """Discard the line."""


def imported(
    tiny: TinyGguf, folder: Path, quantisation: str = "F32", dtype: str = "float32", bits: int | None = None
) -> Path:
    source = open_source(tiny.write(folder / "tiny.gguf", quantisation))
    target = folder / "models" / "tiny"
    write_model(read_model(source), target, dtype=dtype, bits=bits, say=silent)
    return target


def logits(model: Any, ids: range = range(5, 35)) -> np.ndarray[Any, Any]:
    return np.array(model(mx.array([list(ids)])).astype(mx.float32))


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3", "gemma3"])
def test_the_logits_are_those_of_the_model(architecture: str, tmp_path: Path) -> None:
    tiny = tiny_gguf(architecture)
    loaded = load_base(imported(tiny, tmp_path))

    assert np.allclose(logits(loaded.model), logits(tiny.model), atol=1e-4)


@pytest.mark.parametrize(
    "scaling",
    [
        {"rope_type": "linear", "factor": 8.0},
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128},
    ],
)
def test_positions_are_scaled_as_in_the_model(scaling: dict[str, Any], tmp_path: Path) -> None:
    tiny = tiny_gguf("qwen3", rope_scaling=scaling)
    tiny.metadata |= {"qwen3.rope.scaling.type": scaling["rope_type"], "qwen3.rope.scaling.factor": scaling["factor"]}
    tiny.metadata["qwen3.rope.scaling.original_context_length"] = 128
    loaded = load_base(imported(tiny, tmp_path))

    assert np.allclose(logits(loaded.model), logits(tiny.model), atol=1e-4)
    assert not np.allclose(logits(loaded.model), logits(tiny_gguf("qwen3").model), atol=1e-3)


def test_weights_without_a_copy_for_the_output_stay_tied(tmp_path: Path) -> None:
    tied = tiny_gguf("llama", tie_word_embeddings=True)
    folder = imported(tied, tmp_path)

    assert json.loads((folder / "config.json").read_text())["tie_word_embeddings"] is True
    assert np.allclose(logits(load_base(folder).model), logits(tied.model), atol=1e-4)


def test_quantised_weights_are_what_the_file_has_of_them(tmp_path: Path) -> None:
    tiny = tiny_gguf("llama")
    difference = logits(load_base(imported(tiny, tmp_path, "Q8_0")).model) - logits(tiny.model)

    assert 1e-4 < np.abs(difference).max() < 0.6


def test_weights_can_be_quantised_anew(tmp_path: Path) -> None:
    tiny = tiny_gguf("llama")
    folder = imported(tiny, tmp_path, bits=8)
    layer = load_base(folder).model.layers[0].self_attn.q_proj

    assert layer.scales.shape == (4 * 64, HIDDEN // 64)
    assert np.abs(logits(load_base(folder).model) - logits(tiny.model)).max() < 0.6
    assert [path.name for path in folder.glob("*.safetensors")] == ["model.safetensors"]


def test_replies_end_where_llama_cpp_ends_them_and_are_sampled_as_the_makers_say(tmp_path: Path) -> None:
    tiny = tiny_gguf("llama")
    tiny.metadata |= {"general.sampling.temp": 0.6, "general.sampling.top_k": 20}
    tiny.metadata["tokenizer.ggml.eot_token_id"] = tiny.metadata["tokenizer.ggml.bos_token_id"]
    folder = imported(tiny, tmp_path)
    generation = json.loads((folder / "generation_config.json").read_text())

    eos, bos = (tiny.metadata[f"tokenizer.ggml.{name}_token_id"] for name in ("eos", "bos"))
    assert generation == {
        "bos_token_id": bos, "eos_token_id": [eos, bos], "temperature": 0.6, "top_k": 20, "do_sample": True,
    }  # fmt: skip
    assert load_base(folder).tokenizer.chat_template == tiny.metadata["tokenizer.chat_template"]


@pytest.mark.parametrize(
    ("architecture", "changes", "told"),
    [
        ("llama", {"general.architecture": "phi3"}, "of the architecture phi3; llama, qwen2, qwen3, gemma3"),
        ("llama", {"general.type": "mmproj"}, "holds no model but a part of one (mmproj)"),
        ("llama", {"llama.expert_count": 8}, "llama.expert_count=8"),
        ("llama", {"llama.rope.dimension_count": 32}, "32 of them are rotated"),
        ("llama", {"llama.block_count": 3}, "lacks 9 tensors, such as that of model.layers.2."),
        ("llama", {"llama.block_count": 1}, "its tensor blk.1.attn_q.weight has no place"),
        ("llama", {"llama.feed_forward_length": 128}, "ffn_gate.weight is (96, 64), and by its metadata (128, 64)"),
        ("llama", {"llama.context_length": None}, "its metadata lack llama.context_length"),
        ("qwen3", {"qwen3.rope.scaling.type": "longrope", "qwen3.rope.scaling.factor": 4.0}, "positions as longrope"),
        ("gemma3", {"gemma3.final_logit_softcapping": 30.0}, "gemma3.final_logit_softcapping=30"),
        ("llama", {"tokenizer.ggml.model": "t5"}, "a tokenizer of the kind 't5'"),
        ("llama", {"tokenizer.ggml.pre": "default"}, "does not say how its tokenizer cuts text"),
        ("llama", {"tokenizer.ggml.pre": "jais"}, "cuts text by 'jais'; llama-bpe"),
        ("llama", {"tokenizer.ggml.merges": ["t h", "q q"]}, "merges 'q' and 'q', which are no tokens or give none"),
        ("llama", {"tokenizer.ggml.eos_token_id": None}, "does not say which token ends a text"),
        ("llama", {"llama.block_count": "many"}, "does not hold together (ValueError"),
        ("llama", {"llama.attention.head_count": 0}, "does not hold together (ZeroDivisionError"),
        ("llama", {"llama.attention.head_count_kv": [2, 1]}, "attention.head_count_kv differs from layer to layer"),
        ("llama", {"tokenizer.ggml.eos_token_id": 5000}, "its eos token is number 5000 of"),
    ],
)
def test_what_cannot_be_imported_is_refused_before_anything_is_written(
    architecture: str, changes: dict[str, Any], told: str, tmp_path: Path
) -> None:
    tiny = tiny_gguf(architecture)
    metadata = tiny.metadata | changes
    tiny.metadata = {name: value for name, value in metadata.items() if value is not None}

    with pytest.raises(SetupError) as error:
        imported(tiny, tmp_path)
    assert told in str(error.value)
    assert str(tmp_path / "tiny.gguf") in str(error.value)
    assert not (tmp_path / "models").exists()


def test_weights_that_the_package_cannot_undo_are_refused(tmp_path: Path) -> None:
    tiny = tiny_gguf("qwen3")
    tiny.tensors["blk.1.ffn_up.weight"] = tiny.tensors["blk.1.ffn_up.weight"].astype(np.int32)
    with pytest.raises(
        SetupError, match=r"blk\.1\.ffn_up\.weight is stored as I32, which the gguf package cannot undo"
    ):
        imported(tiny, tmp_path)
    assert not (tmp_path / "models").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(
        SetupError, match=r"tiny: cannot be written: .*; point MSM_MLX_HOME to a folder that can be written"
    ):
        imported(tiny_gguf("qwen3"), tmp_path)


def test_a_model_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    tiny = tiny_gguf("qwen3")
    imported(tiny, tmp_path)
    with pytest.raises(RecipeError, match="is there already; give another --name"):
        imported(tiny, tmp_path)


def test_nothing_is_left_of_a_model_that_does_not_fit_into_the_type(tmp_path: Path) -> None:
    tiny = tiny_gguf("qwen3")
    tiny.tensors["blk.1.ffn_up.weight"][0, 0] = 1e6
    with pytest.raises(SetupError, match=r"blk\.1\.ffn_up\.weight is too large for float16; take --dtype bfloat16"):
        imported(tiny, tmp_path, dtype="float16")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage(10**9, 10**9, 1000))
    with pytest.raises(SetupError, match=r"there is no room for the model: \d+\.\d kB are needed, 1.0 kB are free"):
        imported(tiny_gguf("qwen3"), tmp_path)
    assert not (tmp_path / "models").exists()


def test_a_model_with_sentencepiece_chats(tmp_path: Path) -> None:
    tiny = tiny_gguf("llama", sentencepiece())
    loaded = load_base(imported(tiny, tmp_path))

    assert loaded.tokenizer.encode("the cheese")[:2] == [1, tiny.metadata["tokenizer.ggml.tokens"].index("▁the")]
    assert np.allclose(logits(loaded.model), logits(tiny.model), atol=1e-4)
