"""The architectures that llama.cpp and mlx-lm both have: what each calls their tensors and settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from msm_mlx.gguf_files.rope import rope_scaling
from msm_mlx.gguf_files.source import GgufSource

ModelConfig = dict[str, Any]
Metadata = dict[str, Any]

# llama.cpp's names of what all have, and mlx-lm's
_SIZES = {
    "embedding_length": "hidden_size", "block_count": "num_hidden_layers", "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads", "attention.head_count_kv": "num_key_value_heads",
    "context_length": "max_position_embeddings",
}  # fmt: skip
_DECIMALS = {"attention.layer_norm_rms_epsilon": "rms_norm_eps", "rope.freq_base": "rope_theta"}
_HEAD = ("attention.key_length", "attention.value_length", "rope.dimension_count")
TOP = {"token_embd.weight": "model.embed_tokens.weight", "output.weight": "lm_head.weight"}
TOP |= {"output_norm.weight": "model.norm.weight"}
_BLOCK = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip
_QK_NORMS = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
_GEMMA_NORMS = {
    "post_attention_norm": "post_attention_layernorm", "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}  # fmt: skip
# metadata that change what a model computes, and that mlx-lm's models of these architectures do not have
_UNKNOWN_TO_MLX = (
    "expert_count", "logit_scale", "embedding_scale", "residual_scale", "attn_logit_softcapping",
    "final_logit_softcapping", "attention.clamp_kqv", "attention.max_alibi_bias",
)  # fmt: skip
GEMMA_PATTERN, GEMMA_LOCAL_BASE = 6, 10000.0  # llama.cpp has them in its code; older files do not say them
_GEMMA_27B_LAYERS = 62


@dataclass(frozen=True)
class Architecture:
    """An architecture of llama.cpp that mlx-lm has too."""

    model_type: str
    """mlx-lm's name of it."""
    hf_class: str
    blocks: Mapping[str, str]
    """The tensors of a layer: llama.cpp's name, and the name in mlx-lm."""
    extend: Callable[[GgufSource, ModelConfig], ModelConfig] = lambda source, config: {}
    """What the configuration has besides what all have."""
    tell: Callable[[ModelConfig], Metadata] = lambda config: {}
    """What the metadata have besides what all have."""
    interleaved: bool = False
    """Whether llama.cpp has changed the order of the rotary dimensions in q and k."""
    norm_offset: float = 0.0
    """What llama.cpp has added to the weights of the norms."""


def _llama(source: GgufSource, config: ModelConfig) -> ModelConfig:
    return {
        "attention_bias": "blk.0.attn_q.bias" in source.tensors,
        "mlp_bias": "blk.0.ffn_up.bias" in source.tensors,
    }


def _qwen2(source: GgufSource, config: ModelConfig) -> ModelConfig:
    if config["head_dim"] * config["num_attention_heads"] != config["hidden_size"]:
        raise source.problem("has heads of another size than mlx-lm's qwen2", "choose another model")
    return {}


def _gemma3(source: GgufSource, config: ModelConfig) -> ModelConfig:
    head = config["head_dim"]
    if config["num_hidden_layers"] == _GEMMA_27B_LAYERS:  # as in llama.cpp, which the file does not tell
        head = config["hidden_size"] // config["num_attention_heads"]
    scale = source.value("attention.scale")
    return {
        "query_pre_attn_scalar": head if scale is None else round(scale**-2, 4),
        "sliding_window": int(source.need("attention.sliding_window")),
        "sliding_window_pattern": _window_pattern(source, config["num_hidden_layers"]),
        "rope_local_base_freq": float(source.value("rope.freq_base_swa", GEMMA_LOCAL_BASE)),
        "hidden_activation": "gelu_pytorch_tanh",
        "hidden_act": "gelu_pytorch_tanh",
    }


def _tell_gemma3(config: ModelConfig) -> Metadata:
    return {
        "attention.sliding_window": config["sliding_window"],
        "attention.sliding_window_pattern": config["sliding_window_pattern"],
        "rope.freq_base_swa": float(config["rope_local_base_freq"]),
    }


def _window_pattern(source: GgufSource, layers: int) -> int:
    """Every how many layers one sees the whole text."""
    pattern = source.value("attention.sliding_window_pattern", GEMMA_PATTERN)
    if isinstance(pattern, int):
        return pattern
    period = pattern.index(False) + 1 if False in pattern else layers + 1
    if [bool((index + 1) % period) for index in range(layers)] != [bool(value) for value in pattern]:
        raise source.problem("its sliding windows follow no regular pattern", "choose another model")
    return period


ARCHITECTURES = {
    "llama": Architecture("llama", "LlamaForCausalLM", _BLOCK, _llama, interleaved=True),
    "qwen2": Architecture("qwen2", "Qwen2ForCausalLM", _BLOCK, _qwen2),
    "qwen3": Architecture("qwen3", "Qwen3ForCausalLM", _BLOCK | _QK_NORMS),
    "gemma3": Architecture(
        "gemma3_text", "Gemma3ForCausalLM", _BLOCK | _QK_NORMS | _GEMMA_NORMS, _gemma3, _tell_gemma3, norm_offset=1.0
    ),
}


def architecture_of(source: GgufSource) -> Architecture:
    """That of the file.

    Raises:
        SetupError: if it cannot be imported.
    """
    known = ", ".join(ARCHITECTURES)
    kind = source.metadata.get("general.type", "model")
    if kind != "model":
        raise source.problem(f"holds no model but a part of one ({kind})", "name the file of the language model")
    if source.architecture not in ARCHITECTURES:
        name = source.architecture or "that it does not name"
        remedy = "download the model itself from the hub, if mlx-lm has it"
        raise source.problem(f"of the architecture {name}; {known} can be imported", remedy)
    unknown = [name for name in _UNKNOWN_TO_MLX if source.value(name)]
    if unknown:
        settings = ", ".join(f"{source.architecture}.{name}={source.value(name):g}" for name in unknown)
        raise source.problem(
            f"has {settings}, which mlx-lm's {source.architecture} does not have", "choose another model"
        )
    return ARCHITECTURES[source.architecture]


def model_config(source: GgufSource, architecture: Architecture) -> ModelConfig:
    """The config.json of the model, without its special tokens.

    Raises:
        SetupError: if the metadata lack something, or tell of what mlx-lm does not have.
    """
    heads, hidden = _one(source, "attention.head_count"), _one(source, "embedding_length")
    head = int(source.value("attention.key_length", hidden // heads))
    rotated = int(source.value("rope.dimension_count", head))
    if rotated != head or source.value("attention.value_length", head) != head:
        problem = f"its heads have {head} dimensions, and {rotated} of them are rotated"
        raise source.problem(f"{problem}; mlx-lm rotates all", "choose another model")
    defaults = {"attention.head_count_kv": heads}
    base = _decimal(source.value("rope.freq_base", 10000.0))
    config: ModelConfig = {
        "architectures": [architecture.hf_class],
        "model_type": architecture.model_type,
        **{ours: _one(source, theirs, defaults.get(theirs)) for theirs, ours in _SIZES.items()},
        "head_dim": head,
        "hidden_act": "silu",
        "rms_norm_eps": _decimal(source.need("attention.layer_norm_rms_epsilon")),
        "rope_theta": base,
        "vocab_size": _embeddings(source)[0],
        "tie_word_embeddings": "output.weight" not in source.tensors,
    }
    if scaling := rope_scaling(source, base, head):
        config["rope_scaling"] = scaling
    return config | architecture.extend(source, config)


def model_metadata(name: str, config: ModelConfig) -> Metadata:
    """What a file of the architecture `name` says of the model that mlx-lm builds from all these settings: the way back
    from `model_config`, but for how positions are scaled."""
    values = {theirs: int(config[ours]) for theirs, ours in _SIZES.items()}
    decimals = {theirs: float(config[ours]) for theirs, ours in _DECIMALS.items()}
    head = dict.fromkeys(_HEAD, head_size(config))
    own = ARCHITECTURES[name].tell(config)
    return {f"{name}.{key}": value for key, value in (values | decimals | head | own).items()}


def head_size(config: ModelConfig) -> int:
    """The dimensions of a head: of the settings' own, or what each has of the hidden ones."""
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])


def _embeddings(source: GgufSource) -> tuple[int, ...]:
    if "token_embd.weight" not in source.tensors:
        raise source.problem("lacks the tensor token_embd.weight")
    return source.tensors["token_embd.weight"].shape


def _one(source: GgufSource, name: str, default: int | None = None) -> int:
    """A size that is the same in all layers."""
    value = source.need(name) if default is None else source.value(name, default)
    if isinstance(value, list):
        if len(set(value)) != 1:
            raise source.problem(
                f"{name} differs from layer to layer, which mlx-lm does not have", "choose another model"
            )
        value = value[0]
    return int(value)


def _decimal(value: float) -> float:
    """A number that was written in 32 bits as somebody meant it: 1e-05 and not 9.999999747378752e-06."""
    return float(str(np.float32(value)))
