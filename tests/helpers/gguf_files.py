"""Tiny GGUF files with random weights, as llama.cpp's converter writes them, and the models that they are of."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import mlx.core as mx
import mlx.nn as nn
import numpy as np
from numpy.typing import NDArray
from tokenizers import pre_tokenizers

from helpers.arrays import flat

HIDDEN, HEADS, KV_HEADS, LAYERS, CONTEXT = 64, 4, 2, 2, 512
BYTE_TOKENS = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "ĊĊ", "th", "Ġth", "Ġthe", "he"]
MERGES = ["Ċ Ċ", "t h", "Ġ th", "h e", "Ġth e"]
CONTROL_TOKENS = ["<|begin_of_text|>", "<|im_start|>", "<|im_end|>"]
PIECES = {"▁t": -1.0, "he": -2.0, "▁the": -3.0, "in": -4.0, "▁▁": 0.0, "er": -5.0, "▁c": -6.0, "ee": -7.0}
LETTERS = "▁abcdefghijklmnopqrstuvwxyzTIABCDEF.,:;'\"!?()=+-0123456789"
TEMPLATE = "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '<|im_end|>' }}{% endfor %}"

_BLOCK = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
}  # fmt: skip
_TOP = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


@dataclass(frozen=True)
class TinyArchitecture:
    """An architecture with a small configuration, and what a file says of it beyond what all say."""

    module: str
    config: Mapping[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    norms: Mapping[str, str] = field(default_factory=lambda: {"post_attention_layernorm": "ffn_norm"})


TINY = {
    "llama": TinyArchitecture("llama", {"tie_word_embeddings": False, "rope_theta": 500000.0, "head_dim": 64}),
    "qwen2": TinyArchitecture("qwen2", {"tie_word_embeddings": True}),
    "qwen3": TinyArchitecture("qwen3", {"tie_word_embeddings": True, "head_dim": 32}),
    "gemma3": TinyArchitecture(
        "gemma3_text",
        {
            "head_dim": 32,
            "query_pre_attn_scalar": 32,
            "sliding_window": 8,
            "tie_word_embeddings": True,
            "num_hidden_layers": 6,
        },
        {"attention.sliding_window": 8},
        {
            "post_attention_layernorm": "post_attention_norm",
            "pre_feedforward_layernorm": "ffn_norm",
            "post_feedforward_layernorm": "post_ffw_norm",
        },
    ),
}


@dataclass
class TinyGguf:
    """What is written to the file. A test changes it to make a file of another kind."""

    architecture: str
    model: nn.Module
    metadata: dict[str, Any]
    tensors: dict[str, NDArray[Any]]

    def write(self, path: Path, quantisation: str = "F32", tensors: Callable[[str], bool] = lambda name: True) -> Path:
        """Write the file; those of the matrices that can be, quantised."""
        writer = gguf.GGUFWriter(path, self.metadata.get("general.architecture", self.architecture))
        for name, value in self.metadata.items():
            if name != "general.architecture":
                _add(writer, name, value)
        kind = gguf.GGMLQuantizationType[quantisation]
        for name, array in self.tensors.items():
            if not tensors(name):
                continue
            if array.ndim == 2 and quantisation != "F32":
                writer.add_tensor(name, gguf.quantize(array, kind), raw_dtype=kind)
            else:
                writer.add_tensor(name, array)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path


def tiny_gguf(architecture: str, tokenizer: Mapping[str, Any] | None = None, **changes: Any) -> TinyGguf:
    """A model of an architecture of `TINY`, with `changes` of its configuration."""
    tiny = TINY[architecture]
    tokenizer = byte_level() if tokenizer is None else tokenizer
    vocabulary = len(tokenizer["tokenizer.ggml.tokens"]) + 3  # embeddings are often padded
    config: dict[str, Any] = {
        "model_type": tiny.module, "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "intermediate_size": 96,
        "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
        "max_position_embeddings": CONTEXT, "vocab_size": vocabulary,
    } | dict(tiny.config) | changes  # fmt: skip
    module: Any = importlib.import_module(f"mlx_lm.models.{tiny.module}")
    mx.random.seed(11)
    model: Any = module.Model(module.ModelArgs.from_dict(config))
    weights = {
        name: mx.random.normal(value.shape) * 0.2 + ("norm" in name) for name, value in flat(model.parameters()).items()
    }
    if config["tie_word_embeddings"]:
        weights.pop("lm_head.weight", None)
    model.load_weights(list(model.sanitize(weights).items()))
    return TinyGguf(
        architecture, model, _metadata(architecture, config) | dict(tokenizer), _tensors(architecture, config, weights)
    )


def byte_level(pre: str = "llama-bpe") -> dict[str, Any]:
    """The metadata of a byte-level tokenizer of few merges."""
    tokens = [*BYTE_TOKENS, "<tool>", *CONTROL_TOKENS]
    ids = {token: index for index, token in enumerate(tokens)}
    return {
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": pre, "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [1] * len(BYTE_TOKENS) + [4] + [3] * len(CONTROL_TOKENS),
        "tokenizer.ggml.merges": MERGES, "tokenizer.ggml.bos_token_id": ids["<|begin_of_text|>"],
        "tokenizer.ggml.eos_token_id": ids["<|im_end|>"], "tokenizer.chat_template": TEMPLATE,
    }  # fmt: skip


def sentencepiece(**changes: Any) -> dict[str, Any]:
    """The metadata of a SentencePiece tokenizer of few pieces."""
    special = ["<unk>", "<s>", "</s>"]
    octets = [f"<0x{value:02X}>" for value in range(256)]
    letters = list(dict.fromkeys(LETTERS))
    scores = {letter: -100.0 - place for place, letter in enumerate(letters)}
    return {
        "tokenizer.ggml.model": "llama", "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": [*special, *octets, *PIECES, *letters],
        "tokenizer.ggml.token_type": [2, 3, 3, *[6] * 256, *[1] * (len(PIECES) + len(letters))],
        "tokenizer.ggml.scores": [*[0.0] * (3 + 256), *PIECES.values(), *scores.values()],
        "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.unknown_token_id": 0,
    } | {f"tokenizer.ggml.{name}": value for name, value in changes.items()}  # fmt: skip


def _metadata(architecture: str, config: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "block_count": "num_hidden_layers", "context_length": "max_position_embeddings",
        "embedding_length": "hidden_size", "feed_forward_length": "intermediate_size",
        "attention.head_count": "num_attention_heads", "attention.head_count_kv": "num_key_value_heads",
        "attention.layer_norm_rms_epsilon": "rms_norm_eps", "rope.freq_base": "rope_theta",
        "attention.key_length": "head_dim", "attention.value_length": "head_dim",
    }  # fmt: skip
    values = {name: config[key] for name, key in names.items() if key in config}
    return {f"{architecture}.{name}": value for name, value in {**values, **TINY[architecture].metadata}.items()}


def _tensors(
    architecture: str, config: Mapping[str, Any], weights: Mapping[str, mx.array]
) -> dict[str, NDArray[np.float32]]:
    names = _BLOCK | dict(TINY[architecture].norms)
    tensors = {}
    for name, value in weights.items():
        stem, _, kind = name.rpartition(".")
        array = np.array(value)
        if stem in _TOP:
            key = _TOP[stem]
        else:
            _, _, layer, block = stem.split(".", 3)
            key = f"blk.{layer}.{names[block]}"
            if architecture == "llama" and names[block] in ("attn_q", "attn_k"):
                array = _interleave(array, HEADS if names[block] == "attn_q" else KV_HEADS)
        if architecture == "gemma3" and stem.endswith("norm"):
            array = array + 1
        tensors[f"{key}.{kind}"] = array
    return tensors


def _interleave(rows: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Put the two halves of each head's rows in turns, as llama.cpp's llama wants them."""
    half = len(rows) // heads // 2
    order = [head * 2 * half + row + side * half for head in range(heads) for row in range(half) for side in (0, 1)]
    return rows[order]


def _add(writer: gguf.GGUFWriter, name: str, value: Any) -> None:
    match value:
        case bool():
            writer.add_bool(name, value)
        case int():
            writer.add_uint32(name, value)
        case float():
            writer.add_float32(name, value)
        case str():
            writer.add_string(name, value)
        case list():
            writer.add_array(name, value)
