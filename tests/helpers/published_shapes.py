"""The shapes of eight models as they are published: dense, mixtures, hybrids, latent attention, a text tower."""

from __future__ import annotations

from typing import Any

from helpers.model_configs import QWEN3_8B

_USUAL = {
    "rms_norm_eps": 1e-6, "norm_eps": 1e-5, "rope_theta": 1e4, "attention_bias": False, "max_position_embeddings": 4096,
}  # fmt: skip
_TYPES = ["mamba"] * 5 + ["attention"] + (["mamba"] * 9 + ["attention"]) * 3 + ["mamba"] * 4
_CONV = ["conv", "conv", "full_attention"] * 3 + ["conv", "full_attention"] * 3 + ["conv"]

SHAPES: dict[str, dict[str, Any]] = {
    "qwen3-8b": _USUAL | QWEN3_8B,
    "gemma3-4b": {
        "model_type": "gemma3", "vocab_size": 262208, "quantization": {"group_size": 64, "bits": 4},
        "text_config": {
            "model_type": "gemma3_text", "hidden_size": 2560, "num_hidden_layers": 34, "intermediate_size": 10240,
            "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "sliding_window": 1024,
        },
    },
    "qwen3-30b-a3b": _USUAL | {
        "model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 48, "intermediate_size": 6144,
        "moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8, "num_attention_heads": 32,
        "num_key_value_heads": 4, "head_dim": 128, "vocab_size": 151936, "tie_word_embeddings": False,
        "decoder_sparse_step": 1, "mlp_only_layers": [], "norm_topk_prob": True,
        "quantization": {"group_size": 64, "bits": 4},
    },
    "gpt-oss-20b": {
        "model_type": "gpt_oss", "hidden_size": 2880, "num_hidden_layers": 24, "intermediate_size": 2880,
        "num_local_experts": 32, "num_experts_per_tok": 4, "num_attention_heads": 64, "num_key_value_heads": 8,
        "head_dim": 64, "vocab_size": 201088, "quantization": {"group_size": 32, "bits": 4},
    },
    "granite-4-h-tiny": _USUAL | {
        "model_type": "granitemoehybrid", "hidden_size": 1536, "num_hidden_layers": 40, "intermediate_size": 512,
        "shared_intermediate_size": 1024, "num_local_experts": 64, "num_experts_per_tok": 6, "num_attention_heads": 12,
        "num_key_value_heads": 4, "vocab_size": 100352, "layer_types": _TYPES, "mamba_n_heads": 48, "mamba_d_head": 64,
        "mamba_d_state": 128, "mamba_d_conv": 4, "mamba_n_groups": 1, "mamba_proj_bias": False, "mamba_conv_bias": True,
        "embedding_multiplier": 12.0, "attention_multiplier": 0.01, "logits_scaling": 6.0, "residual_multiplier": 0.2,
    },
    "lfm2-1.2b": _USUAL | {
        "model_type": "lfm2", "hidden_size": 2048, "num_hidden_layers": 16, "block_ff_dim": 12288, "block_dim": 2048,
        "block_auto_adjust_ff_dim": True, "block_multiple_of": 256, "block_ffn_dim_multiplier": 1.0,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 65536, "conv_L_cache": 3, "conv_bias": False,
        "layer_types": _CONV,
    },
    "deepseek-v2-lite": _USUAL | {
        "model_type": "deepseek_v2", "hidden_size": 2048, "num_hidden_layers": 27, "intermediate_size": 10944,
        "moe_intermediate_size": 1408, "n_routed_experts": 64, "n_shared_experts": 2, "num_experts_per_tok": 6,
        "first_k_dense_replace": 1, "num_attention_heads": 16, "num_key_value_heads": 16, "q_lora_rank": None,
        "kv_lora_rank": 512, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128, "vocab_size": 102400,
        "n_group": 1, "topk_group": 1, "quantization": {"group_size": 64, "bits": 4}, "rope_scaling": {
            "type": "yarn", "factor": 40, "original_max_position_embeddings": 4096, "mscale": 0.7,
            "mscale_all_dim": 0.7,
        },
    },
    "mixtral-8x7b": _USUAL | {
        "model_type": "mixtral", "hidden_size": 4096, "num_hidden_layers": 32, "intermediate_size": 14336,
        "num_local_experts": 8, "num_experts_per_tok": 2, "num_attention_heads": 32, "num_key_value_heads": 8,
        "vocab_size": 32000,
    },
    "qwen3-next-80b-a3b": _USUAL | {
        "model_type": "qwen3_next", "hidden_size": 2048, "num_hidden_layers": 48, "intermediate_size": 5120,
        "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512, "num_experts": 512,
        "num_experts_per_tok": 10, "num_attention_heads": 16, "num_key_value_heads": 2, "head_dim": 256,
        "vocab_size": 151936, "full_attention_interval": 4, "linear_num_value_heads": 32, "linear_num_key_heads": 16,
        "linear_key_head_dim": 128, "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4, "decoder_sparse_step": 1,
        "mlp_only_layers": [], "partial_rotary_factor": 0.25, "quantization": {"group_size": 64, "bits": 4},
    },
}  # fmt: skip
