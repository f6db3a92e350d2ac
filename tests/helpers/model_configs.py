"""The config.json of models, published ones and small ones."""

from __future__ import annotations

from typing import Any

QWEN3_8B = {
    "model_type": "qwen3", "hidden_size": 4096, "num_hidden_layers": 36, "num_attention_heads": 32,
    "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 12288, "vocab_size": 151_936,
    "tie_word_embeddings": False, "torch_dtype": "bfloat16", "quantization": {"bits": 4, "group_size": 64},
}  # fmt: skip


def config(family: str, bits: int, **changes: int) -> dict[str, Any]:
    shape = {
        "hidden_size": 96, "num_hidden_layers": 5, "intermediate_size": 256, "num_attention_heads": 3,
        "num_key_value_heads": 1, "head_dim": 32, "vocab_size": 1500,
    }  # fmt: skip
    found: dict[str, Any] = shape | changes
    found |= {"model_type": family, "tie_word_embeddings": True, "torch_dtype": "float32", "rms_norm_eps": 1e-5}
    found |= {"rope_theta": 1e4, "max_position_embeddings": 4096}
    return found | ({"quantization": {"bits": bits, "group_size": 32}} if bits else {})
