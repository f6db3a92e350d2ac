"""The weight matrices of a model, from its config.json: attention, experts, state spaces. Imports no mlx.

Everything else (norms, biases, convolutions, routers' corrections) is below a hundredth of a model, and not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Config = Mapping[str, Any]

EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
EXPERTS_PER_TOKEN = ("num_experts_per_tok", "moe_k", "moe_topk", "num_experts_per_token")
DENSE_FIRST = ("first_k_dense_replace", "num_dense_layers", "moe_layer_start_index")
SHARED_EXPERTS = ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "num_shared_expert")
SHARED_INNER = ("shared_expert_intermediate_size", "shared_intermediate_size", "moe_shared_expert_intermediate_size")
UNGATED = {"starcoder2", "phi", "nemotron", "gpt_neox", "apertus", "nanochat"}  # two matrices in the MLP, not three
UNCOUNTED = {  # families with layers that no formula here has
    *("mamba", "falcon_mamba", "mamba2", "rwkv7", "recurrent_gemma", "jamba", "falcon_h1", "nemotron_h", "plamo2"),
    *(
        "gemma3n",
        "gemma4",
        "gemma4_text",
        "kimi_linear",
        "kimi_k3",
        "bailing_moe_linear",
        "bailing_hybrid",
        "olmo_hybrid",
    ),
    *("dbrx", "llama4", "llama4_text", "openelm", "nemotron-nas", "longcat_flash", "step3p5", "mimo_v2_flash", "gear"),
    *("gpt_bigcode", "bitnet", "afm7", "plamo", "plamo3", "baichuan_m1", "deepseek_v41", "phi3small", "phixtral"),
}


@dataclass(frozen=True)
class Matrices:
    """Matrices of one shape: how many the model has, and through how many of them a token goes."""

    inputs: int
    outputs: int
    copies: int = 1
    active: int = 1


def first(config: Config, names: tuple[str, ...], default: int = 0) -> int:
    """The first of the settings that is there and not null."""
    return int(next((config[name] for name in names if config.get(name) is not None), default))


def layer_matrices(text: Config) -> list[list[Matrices]]:
    """The matrices of every layer.

    Raises:
        KeyError, TypeError, ValueError: if the configuration does not tell, with what is missing.
    """
    family = str(text.get("model_type", ""))
    if family in UNCOUNTED:
        raise ValueError(f"there is no formula for {family}")
    kinds = _layer_kinds(text)
    return [[*_MIXERS[kind](text), *_mlp(text, layer)] for layer, kind in enumerate(kinds)]


def attention_layers(text: Config) -> int:
    """How many layers keep keys and values of every token."""
    return sum(kind in ("attention", "latent") for kind in _layer_kinds(text))


def _layer_kinds(text: Config) -> list[str]:
    layers = int(text["num_hidden_layers"])
    plain = "latent" if text.get("kv_lora_rank") else "attention"
    if every := text.get("full_attention_interval"):
        return [plain if (layer + 1) % every == 0 else "linear" for layer in range(layers)]
    names = text.get("layer_types") or []
    if text.get("full_attn_idxs") is not None and not names:
        return [plain if layer in text["full_attn_idxs"] else "conv" for layer in range(layers)]
    if not isinstance(names, list) or len(names) not in (0, layers):
        raise ValueError(f"layer_types does not name {layers} layers")
    words = {"mamba": "mamba", "conv": "conv", "linear_attention": "linear"}
    return [words.get(name, plain) for name in names] or [plain] * layers


def _attention(text: Config) -> Iterator[Matrices]:
    hidden, heads = int(text["hidden_size"]), int(text["num_attention_heads"])
    head = int(text.get("head_dim") or hidden // heads)
    keys = int(text.get("num_key_value_heads") or heads) * head
    gated = text.get("full_attention_interval") is not None  # qwen3_next and its kin gate what they attended to
    yield Matrices(hidden, heads * head * (2 if gated else 1))
    yield Matrices(hidden, keys, 2, 2)
    yield Matrices(heads * head, hidden)


def _latent_attention(text: Config) -> Iterator[Matrices]:
    """As DeepSeek's: queries, keys and values come from compressed vectors."""
    hidden, heads = int(text["hidden_size"]), int(text["num_attention_heads"])
    rope, nope, rank = int(text["qk_rope_head_dim"]), int(text["qk_nope_head_dim"]), int(text["kv_lora_rank"])
    value = int(text.get("v_head_dim") or hidden // heads)
    if queries := text.get("q_lora_rank"):
        yield Matrices(hidden, int(queries))
    yield Matrices(int(queries or hidden), heads * (nope + rope))
    yield Matrices(hidden, rank + rope)
    yield Matrices(rank, heads * (nope + value))
    yield Matrices(heads * value, hidden)


def _mamba(text: Config) -> Iterator[Matrices]:
    hidden = int(text["hidden_size"])
    inner = int(text["mamba_n_heads"]) * int(text["mamba_d_head"])
    state = 2 * int(text.get("mamba_n_groups") or 1) * int(text["mamba_d_state"])
    yield Matrices(hidden, 2 * inner + state + int(text["mamba_n_heads"]))
    yield Matrices(inner, hidden)


def _convolution(text: Config) -> Iterator[Matrices]:
    hidden = int(text["hidden_size"])
    yield Matrices(hidden, 3 * hidden)
    yield Matrices(hidden, hidden)


def _linear_attention(text: Config) -> Iterator[Matrices]:
    """As Qwen3-Next's gated delta net."""
    hidden, heads = int(text["hidden_size"]), int(text["linear_num_value_heads"])
    keys = int(text["linear_num_key_heads"]) * int(text["linear_key_head_dim"])
    values = heads * int(text["linear_value_head_dim"])
    yield Matrices(hidden, 2 * keys + 2 * values + 2 * heads)
    yield Matrices(values, hidden)


_MIXERS: dict[str, Callable[[Config], Iterator[Matrices]]] = {
    "attention": _attention,
    "latent": _latent_attention,
    "mamba": _mamba,
    "conv": _convolution,
    "linear": _linear_attention,
}


def _mlp(text: Config, layer: int) -> Iterator[Matrices]:
    """A gated MLP, plain or of experts with what all tokens share."""
    hidden, experts = int(text["hidden_size"]), first(text, EXPERTS)
    if not _is_sparse(text, layer):
        yield from _gated(hidden, _dense_inner(text), ungated=text.get("model_type") in UNGATED)
        return
    yield Matrices(hidden, experts)
    yield from _gated(hidden, _expert_inner(text), experts, first(text, EXPERTS_PER_TOKEN, 1))
    if shared := _shared_inner(text):
        yield from _gated(hidden, shared)


def mlp_width(text: Config, layer: int) -> int:
    """The width of the MLP that a token goes through: of all experts that it is given to, and of the shared ones."""
    if not _is_sparse(text, layer):
        return _dense_inner(text)
    return first(text, EXPERTS_PER_TOKEN, 1) * _expert_inner(text) + _shared_inner(text)


def _expert_inner(text: Config) -> int:
    return int(text.get("moe_intermediate_size") or text["intermediate_size"])


def _shared_inner(text: Config) -> int:
    """The width of the experts that take every token."""
    return first(text, SHARED_INNER) or first(text, SHARED_EXPERTS) * _expert_inner(text)


def _gated(hidden: int, inner: int, copies: int = 1, active: int = 1, *, ungated: bool = False) -> Iterator[Matrices]:
    inwards = 1 if ungated else 2
    yield Matrices(hidden, inner, inwards * copies, inwards * active)
    yield Matrices(inner, hidden, copies, active)


def _is_sparse(text: Config, layer: int) -> bool:
    """Whether the layer has experts."""
    if not first(text, EXPERTS):
        return False
    step = first(text, ("decoder_sparse_step", "moe_layer_interval", "moe_layer_freq"), 1) or 1
    return (
        layer >= first(text, DENSE_FIRST)
        and layer not in (text.get("mlp_only_layers") or [])
        and (layer + 1) % step == 0
    )


def _dense_inner(text: Config) -> int:
    """The width of a plain MLP. LFM2 gives one from which it takes two thirds."""
    if not text.get("block_auto_adjust_ff_dim") or not text.get("block_ff_dim"):
        return int(text.get("intermediate_size") or text["block_ff_dim"])
    multiple = int(text.get("block_multiple_of") or 1)
    inner = int(float(text.get("block_ffn_dim_multiplier") or 1) * int(2 * text["block_ff_dim"] / 3))
    return multiple * -(-inner // multiple)
