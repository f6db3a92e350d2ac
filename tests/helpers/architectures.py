"""Models of many architectures that mlx-lm knows: random weights, two to four narrow layers, one tokenizer."""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from transformers import PreTrainedTokenizerFast

from helpers.arrays import flat
from helpers.tiny_models import CHATML, byte_tokenizer

TOKENIZER = byte_tokenizer(CHATML)
SHARED: dict[str, Any] = {
    "hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 48, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "rms_norm_eps": 1e-5, "layer_norm_eps": 1e-5, "layer_norm_epsilon": 1e-5,
    "norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 4096, "tie_word_embeddings": False,
    "attention_bias": False, "mlp_bias": False, "use_bias": False, "vocab_size": len(TOKENIZER),
    "eos_token_id": TOKENIZER.eos_token_id, "torch_dtype": "float32",
}  # fmt: skip
_EXPERTS: dict[str, Any] = {
    "num_experts": 4, "num_experts_per_tok": 2, "num_local_experts": 4, "norm_topk_prob": True, "mlp_only_layers": [],
    "decoder_sparse_step": 1, "use_qk_norm": True, "partial_rotary_factor": 0.5,
}  # fmt: skip
_NARROW: dict[str, Any] = _EXPERTS | {"moe_intermediate_size": 24}
_QWEN_EXPERTS = _NARROW | {"shared_expert_intermediate_size": 24}
_DEEPSEEK_EXPERTS: dict[str, Any] = _NARROW | {
    "n_routed_experts": 4, "n_shared_experts": 1, "first_k_dense_replace": 1, "n_group": 1, "topk_group": 1,
    "routed_scaling_factor": 1.0,
}  # fmt: skip
_GRANITE = {
    "logits_scaling": 2.0, "attention_multiplier": 0.3, "embedding_multiplier": 2.0, "residual_multiplier": 0.5,
}  # fmt: skip
_LATENT = {
    "q_lora_rank": 16, "kv_lora_rank": 16, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8,
    "num_key_value_heads": 4,
}  # fmt: skip
_LONG_ROPE = {
    "type": "longrope", "short_factor": [1.0] * 4, "long_factor": [1.0] * 4, "original_max_position_embeddings": 512,
}  # fmt: skip
_MAMBA_2 = {
    "num_heads": 8, "state_size": 8, "ssm_state_size": 8, "conv_kernel": 4, "n_groups": 1, "use_conv_bias": True,
    "time_step_limit": [0.001, 100.0], "time_step_rank": 4, "intermediate_size": 64, "tie_word_embeddings": True,
}  # fmt: skip
_GRANITE_HYBRID = {
    "layer_types": ["mamba", "attention", "mamba"], "num_hidden_layers": 3, "shared_intermediate_size": 48,
    "mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_d_conv": 4, "mamba_n_groups": 1,
    "mamba_proj_bias": False, "mamba_conv_bias": True,
}  # fmt: skip
_DELTA_NET = {
    "linear_num_value_heads": 4, "linear_num_key_heads": 2, "linear_key_head_dim": 8, "linear_value_head_dim": 8,
    "linear_conv_kernel_dim": 4, "full_attention_interval": 2, "partial_rotary_factor": 0.5, "num_hidden_layers": 4,
}  # fmt: skip
_WINDOWS = {"layer_types": ["sliding_attention", "full_attention"], "sliding_window": 8, "sliding_window_pattern": 2}
_CONV = {
    "layer_types": ["conv", "full_attention", "conv"], "num_hidden_layers": 3, "conv_bias": False, "conv_L_cache": 3,
    "block_dim": 32, "block_ff_dim": 48, "block_multiple_of": 8, "block_ffn_dim_multiplier": 1.0,
    "block_auto_adjust_ff_dim": True, "num_dense_layers": 1, "use_expert_bias": True,
}  # fmt: skip
_GEMMA_4 = _WINDOWS | {
    "global_head_dim": 16, "num_kv_shared_layers": 0, "hidden_size_per_layer_input": 0,
    "num_global_key_value_heads": 2, "vocab_size_per_layer_input": len(TOKENIZER), "use_double_wide_mlp": False,
    "tie_word_embeddings": True,
}  # fmt: skip


def _text_tower(name: str, **changes: Any) -> dict[str, Any]:
    return {"text_config": SHARED | {"model_type": name} | changes}


ARCHITECTURES: dict[str, dict[str, Any]] = {
    # dense
    "llama": {},
    "mistral3": _text_tower("ministral3", rope_parameters={
        "rope_theta": 1e4, "llama_4_scaling_beta": 0.1, "original_max_position_embeddings": 256, "type": "default",
    }),
    "qwen2": {}, "qwen3": {}, "phi3": {}, "phi": {"num_key_value_heads": 4, "partial_rotary_factor": 0.5}, "gemma": {},
    "cohere": {}, "olmo2": {}, "starcoder2": {"norm_epsilon": 1e-5},
    "stablelm": {"use_qkv_bias": True, "partial_rotary_factor": 0.5}, "internlm2": {}, "internlm3": {},
    "glm": {}, "glm4": {"partial_rotary_factor": 0.5}, "smollm3": {}, "granite": _GRANITE, "helium": {},
    "nemotron": {"hidden_act": "relu2"}, "exaone": {"num_layers": 2}, "seed_oss": {}, "ernie4_5": {},
    "hunyuan_v1_dense": {}, "mimo": {},
    "gpt_neox": {"intermediate_size": 128, "rotary_emb_base": 1e4, "rotary_pct": 0.5},
    "gpt2": {"n_ctx": 512, "n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 512},
    "apertus": {"post_norm": False, "qk_norm": True}, "nanochat": {}, "minicpm": {
        "dim_model_base": 16, "scale_depth": 1.4, "scale_emb": 1,
    }, "telechat3": {}, "bitnet": {},
    # sliding windows and soft caps
    "gemma2": {"query_pre_attn_scalar": 8, "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0},
    "gemma3_text": {"query_pre_attn_scalar": 8, "sliding_window": 8, "sliding_window_pattern": 2},
    "gemma3": _text_tower("gemma3_text", query_pre_attn_scalar=8, sliding_window=8, sliding_window_pattern=2),
    "gemma4_text": _GEMMA_4,
    "exaone4": _WINDOWS | {"sliding_window_pattern": "LG", "rope_scaling": None},
    "cohere2": {"sliding_window": 8, "sliding_window_pattern": 2}, "olmo3": _WINDOWS,
    "gpt_oss": _EXPERTS | _WINDOWS,
    # latent attention
    "minicpm3": _LATENT | {
        "dim_model_base": 16, "scale_depth": 1.4, "scale_emb": 1, "rope_scaling": _LONG_ROPE,
    },
    "deepseek_v2": _DEEPSEEK_EXPERTS | _LATENT | {"rope_scaling": {
        "type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128, "mscale": 0.7, "mscale_all_dim": 0.7,
    }},
    "deepseek_v3": _DEEPSEEK_EXPERTS | _LATENT, "youtu_llm": _LATENT,
    "glm4_moe_lite": _DEEPSEEK_EXPERTS | _LATENT,
    # mixtures of experts
    "mixtral": _EXPERTS, "qwen2_moe": _QWEN_EXPERTS, "qwen3_moe": _NARROW, "olmoe": _EXPERTS,
    "phimoe": _EXPERTS | {"rope_scaling": _LONG_ROPE | {"short_mscale": 1.0, "long_mscale": 1.0}},
    "granitemoe": _EXPERTS | _GRANITE, "dots1": _DEEPSEEK_EXPERTS,
    "glm4_moe": _DEEPSEEK_EXPERTS | {"rope_scaling": None},
    "ernie4_5_moe": {"moe_num_experts": 4, "moe_k": 2, "moe_intermediate_size": 24, "moe_num_shared_experts": 1},
    "bailing_moe": _DEEPSEEK_EXPERTS | {"num_shared_experts": 1},
    "hunyuan": _EXPERTS | {"moe_topk": 2, "num_shared_expert": 1, "use_mixed_mlp_moe": True, "use_cla": False,
                           "cla_share_factor": 1, "rope_scaling": {"alpha": 1000.0, "factor": 1.0, "type": "dynamic"}},
    "minimax": _EXPERTS | {"shared_intermediate_size": 0, "rotary_dim": 4},
    "lfm2_moe": _NARROW | _CONV,
    "dbrx": {"d_model": 32, "n_layers": 2, "n_heads": 4, "attn_config": {
        "kv_n_heads": 2, "clip_qkv": 8.0, "rope_theta": 1e4}, "ffn_config": {
        "ffn_hidden_size": 48, "moe_num_experts": 4, "moe_top_k": 2}},
    "llama4": _text_tower(
        "llama4_text", num_local_experts=4, num_experts_per_tok=1, intermediate_size_mlp=48, attention_chunk_size=16,
        interleave_moe_layer_step=1, use_qk_norm=True, rope_scaling=None, num_hidden_layers=4,
    ),
    "afmoe": _NARROW | _WINDOWS | {"num_shared_experts": 1, "num_dense_layers": 1},
    # state spaces, convolutions, linear attention, and mixtures of these with attention
    "mamba": {"state_size": 8, "conv_kernel": 4, "use_conv_bias": True, "time_step_rank": 4, "intermediate_size": 64},
    "mamba2": _MAMBA_2,
    "granitemoehybrid": _GRANITE | _GRANITE_HYBRID, "lfm2": _CONV, "lfm2-vl": _text_tower("lfm2", **_CONV),
    "jamba": _EXPERTS | {
        "attn_layer_offset": 1, "attn_layer_period": 2, "expert_layer_offset": 1, "expert_layer_period": 2,
        "mamba_d_conv": 4, "mamba_d_state": 8, "mamba_expand": 2,
    },
    "falcon_h1": {
        "mamba_d_ssm": 64, "mamba_d_head": 8, "mamba_n_heads": 8, "mamba_d_state": 8, "mamba_n_groups": 1,
    },
    "qwen3_next": _QWEN_EXPERTS | _DELTA_NET,
    "qwen3_5": _text_tower("qwen3_5_text", **_DELTA_NET, rope_parameters={
        "rope_theta": 1e4, "type": "default", "mrope_section": [1, 1, 0], "partial_rotary_factor": 0.5}),
    "qwen3_vl": _text_tower("qwen3_vl_text"),
    # others: one key head, heads of several widths, an index of what is attended to, convolutions before windows
    "gpt_bigcode": {"n_embd": 32, "n_layer": 2, "n_inner": 48, "n_head": 4, "n_positions": 512, "attention_bias": True},
    "openelm": {
        "num_transformer_layers": 2, "model_dim": 32, "num_query_heads": [4, 4], "num_kv_heads": [2, 2],
        "ffn_multipliers": [1.0, 2.0], "ffn_dim_divisor": 8, "rope_freq_constant": 10000,
        "share_input_output_layers": True,
    },
    "deepseek_v32": _DEEPSEEK_EXPERTS | _LATENT | {
        "index_n_heads": 2, "index_head_dim": 16, "index_topk": 16, "moe_layer_freq": 1,
    },
    "baichuan_m1": {
        "conv_window": 2, "sliding_window": 8, "sliding_window_layers": [0], "num_swa_attention_heads": 4,
        "num_swa_key_value_heads": 2,
    },
    "gemma4": _text_tower("gemma4_text", **_GEMMA_4), "qwen3_vl_moe": _text_tower("qwen3_vl_moe_text", **_NARROW),
    "rwkv7": {"a_low_rank_dim": 8, "v_low_rank_dim": 8, "gate_low_rank_dim": 8, "decay_low_rank_dim": 8},
    "recurrent_gemma": {
        "conv1d_width": 4, "logits_soft_cap": 30.0, "attention_window_size": 8, "num_hidden_layers": 3,
        "block_types": ["recurrent", "recurrent", "attention"], "num_key_value_heads": 1,
    },
    "plamo2": {"hidden_size_per_head": 8, "mamba_d_state": 8, "mamba_num_heads": 4, "attention_window_size": 16},
    "nemotron_h": _MAMBA_2 | {
        "hybrid_override_pattern": "M*M-", "num_hidden_layers": 4, "mamba_num_heads": 8, "mamba_head_dim": 8,
        "mamba_proj_bias": False,
    },
}  # fmt: skip


def config_of(name: str) -> dict[str, Any]:
    """The config.json of a small model of an architecture."""
    return SHARED | {"model_type": name} | ARCHITECTURES[name]


def build(name: str, **changes: Any) -> tuple[nn.Module, dict[str, Any]]:
    """A model with random weights, and its config.json."""
    config = config_of(name) | changes
    module: Any = importlib.import_module(f"mlx_lm.models.{name}")
    mx.random.seed(3)
    model: nn.Module = module.Model(module.ModelArgs.from_dict(config))
    return model, config


def _random(name: str, value: mx.array) -> mx.array:
    """Large enough that one token changes the logits of the next. Matrices that mean something are left alone."""
    if value.ndim < 2 or name.endswith(("A_log", "conv1d.weight", "conv.weight")):
        return value
    return mx.random.normal(value.shape) * (1.5 / math.sqrt(value.shape[-1]))


def save_architecture(folder: Path, name: str, tokenizer: PreTrainedTokenizerFast = TOKENIZER) -> Path:
    """The folder of a small model with random weights."""
    model, config = build(name, vocab_size=len(tokenizer), eos_token_id=tokenizer.eos_token_id)
    weights = {key: _random(key, value) for key, value in flat(model.parameters()).items()}
    folder.mkdir(parents=True, exist_ok=True)
    mx.save_safetensors(str(folder / "model.safetensors"), weights, {"format": "mlx"})
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    tokenizer.save_pretrained(folder)
    return folder
