"""Estimates the memory of training and writing from a model's config.json and the settings. Imports no mlx.

Training needs memory for what is always there (weights, adapter, saved activations) and for the larger of two moments:
the loss, and the backward pass of one block. The factors below were fitted to `mx.get_peak_memory()` of twenty models
in the shapes of Llama and Qwen3, in fp32 and 4-bit, on Linux; the estimate is at most 7 % off
(tests/resources/test_memory.py measures it anew). For Metal it is extrapolated: half precision, and fused attention,
which keeps no scores.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msm_mlx.errors import MsmError
from msm_mlx.models.config import context_length, text_config
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.resources.matrices import EXPERTS, Matrices, attention_layers, first, layer_matrices, mlp_width

PROMPT_TOKENS = 400  # of a writer's or an evaluation's prompt, for estimates
LOGITS_CHUNK_BYTES = 40 * 2**20  # of fp32 logits: 64 rows at a vocabulary of 152k
# fitted, as multiples of what the formulas below count
ADAPTER_COPIES = 2.7  # of the adapter's weights at the peak: gradients and moments of Adam, never all at the same time
SAVED_LINEAR, SAVED_SCORES = 1.02, 1.52  # of a block's outputs and attention scores, saved for the backward pass
WORK_LINEAR, WORK_SCORES = 3.18, 3.00  # of the same, while one block is recomputed and differentiated
FIRST_CHUNK, NEXT_CHUNK, MAX_CHUNKS = 5.28, 1.24, 11.6  # of a chunk of logits: the first, each further one, the most
ALWAYS_TIED = {"gemma", "gemma2", "cohere", "cohere2", "lfm2", "lfm2_moe"}
"""Families whose head is the embedding, whatever the configuration says."""
UNTIED = {  # families whose head is a matrix of its own where the configuration does not say
    *(
        "mixtral",
        "phi3",
        "phi",
        "phimoe",
        "gpt_oss",
        "deepseek_v2",
        "deepseek_v3",
        "qwen2_moe",
        "internlm2",
        "internlm3",
    ),
    *("stablelm", "gpt_neox", "nemotron", "nanochat", "olmo3", "minicpm", "minicpm3", "mimo", "dots1", "glm4"),
    *("bailing_moe", "hunyuan", "minimax", "exaone4", "glm4_moe", "qwen3_next"),
}
GENERATION_COPIES = 1.5  # of the key-value cache, while batches are merged and split


@dataclass(frozen=True)
class ModelShape:
    """The dimensions of a model, from its config.json."""

    family: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    inner: int
    """The width of the MLP that a token goes through: of all experts that it is given to, and of the shared ones."""
    vocabulary: int
    tied: bool
    bytes: int
    """Of an activation, and of a weight that is not quantised."""
    bits: float
    """Of a quantised weight, its share of the scales included; 0 if weights are not quantised."""
    cached: int
    """Numbers that are kept of a token in all layers, for those that follow: keys and values."""
    matrices: tuple[Matrices, ...]
    """Those of all layers."""
    context: int | None = None
    """The most tokens that it reads; None if its configuration does not say."""

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ModelShape:
        """The shape that `config` describes.

        Raises:
            MsmError: if it does not describe a model whose layers can be counted.
        """
        text = text_config(config)
        quantization = config.get("quantization") or config.get("quantization_config") or {}
        width = 4 if str(text.get("torch_dtype", text.get("dtype", ""))) == "float32" else 2
        bits = quantization.get("bits", 0)
        overhead = (
            16 * width / quantization["group_size"] if quantization.get("group_size") else 0
        )  # bits a weight: each group has a scale and a bias
        family = str(text.get("model_type", ""))
        try:
            by_layer = layer_matrices(text)
            hidden, heads = int(text["hidden_size"]), int(text["num_attention_heads"])
            head_dim, kv_heads = _heads(text, hidden, heads)
            vocabulary = int(text.get("vocab_size") or config["vocab_size"])
            return cls(
                family=family,
                hidden=hidden,
                layers=len(by_layer),
                heads=heads,
                kv_heads=kv_heads,
                head_dim=head_dim,
                inner=max(mlp_width(text, layer) for layer in range(len(by_layer))),
                vocabulary=vocabulary,
                tied=_is_tied(config, text, family),
                bytes=width,
                bits=bits + overhead if bits else 0,
                cached=attention_layers(text) * _cached(text, family, 2 * kv_heads * head_dim),
                matrices=tuple(matrices for layer in by_layer for matrices in layer),
                context=context_length(config),
            )
        except (KeyError, TypeError, ValueError) as error:
            what = "a mixture of experts" if first(text, EXPERTS) else "a model"
            reason = f"no {error}" if isinstance(error, KeyError) else error
            raise MsmError(
                f"config.json describes {what} whose layers cannot be counted ({reason}); no estimate is possible"
            ) from error

    @property
    def attention(self) -> int:
        return self.heads * self.head_dim

    @property
    def keys(self) -> int:
        return self.kv_heads * self.head_dim

    @property
    def parameters(self) -> int:
        layers = sum(m.inputs * m.outputs * m.copies for m in self.matrices)
        return layers + self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def active_parameters(self) -> int:
        """Those that a token is multiplied with."""
        return sum(m.inputs * m.outputs * m.active for m in self.matrices) + self.vocabulary * self.hidden

    @property
    def weight_bytes(self) -> float:
        return self.parameters * (self.bits / 8 if self.bits else self.bytes)

    def adapter_parameters(self, rank: int) -> int:
        return rank * sum((m.inputs + m.outputs) * m.copies for m in self.matrices)


def _heads(text: Mapping[str, Any], hidden: int, heads: int) -> tuple[int, int]:
    """The width of a head, and how many have keys."""
    if text.get("kv_lora_rank"):
        return int(text["qk_rope_head_dim"]) + int(text["qk_nope_head_dim"]), heads
    return int(text.get("head_dim") or hidden // heads), int(text.get("num_key_value_heads") or heads)


def _is_tied(config: Mapping[str, Any], text: Mapping[str, Any], family: str) -> bool:
    """Whether the head is the embedding. Of a model with a text tower, either part may say so."""
    said = text.get("tie_word_embeddings", config.get("tie_word_embeddings"))
    return family in ALWAYS_TIED or bool(family not in UNTIED if said is None else said)


def _cached(text: Mapping[str, Any], family: str, keys_and_values: int) -> int:
    """Numbers a token and layer. Latent attention keeps what keys and values come from."""
    if text.get("kv_lora_rank") and family not in ("minicpm3", "deepseek_v2"):
        return int(text["kv_lora_rank"]) + int(text["qk_rope_head_dim"])
    return keys_and_values


@dataclass(frozen=True)
class Memory:
    """Bytes, by what they are for."""

    weights: float
    adapter: float
    activations: float
    logits: float

    @property
    def total(self) -> float:
        return self.weights + self.adapter + self.activations + self.logits


def training_memory(shape: ModelShape, settings: TrainSettings, rank: int, *, metal: bool) -> Memory:
    """The peak of an update over rows of `max_length` tokens, with an adapter of `rank`."""
    width = -(-settings.max_length // 8) * 8
    rows = min(settings.batch_size, max(max(settings.step_tokens, width) // width, 1))
    positions = rows * width
    inputs = 8 * shape.hidden + 3 * (shape.attention + shape.keys) + 3.5 * shape.inner
    if shape.family.startswith("qwen3"):
        inputs += shape.attention + shape.keys  # normalised queries and keys
    linear = positions * inputs * shape.bytes
    half_precision_adapter = settings.adapter_dtype == "model" and shape.bytes < 4
    if shape.bytes < 4 and not half_precision_adapter:
        linear += positions * 4 * (2 * shape.hidden + shape.attention + shape.inner)  # the adapter computes in fp32
    scores = 0.0 if metal else float(rows * shape.heads * width**2 * 4)
    block_inputs = positions * shape.hidden * shape.bytes
    chunk = min(positions, logits_chunk_size(shape.vocabulary))
    copies = min(FIRST_CHUNK + NEXT_CHUNK * (-(-positions // chunk) - 1), MAX_CHUNKS)
    logits = copies * chunk * shape.vocabulary * 4
    if settings.gradient_checkpointing:
        block = WORK_LINEAR * linear + WORK_SCORES * scores
        activations, logits = shape.layers * block_inputs + max(block - logits, 0.0), logits
    else:
        activations = shape.layers * (SAVED_LINEAR * linear + SAVED_SCORES * scores)
    adapter = ((1 + ADAPTER_COPIES) * 4.0 + (shape.bytes if half_precision_adapter else 0)) * shape.adapter_parameters(
        rank
    )
    return Memory(shape.weight_bytes, adapter, activations, logits)


def logits_chunk_size(vocabulary: int) -> int:
    """How many rows of fp32 logits the loss holds in memory at once: a power of two, from 16 to 4096."""
    rows = max(LOGITS_CHUNK_BYTES // (4 * vocabulary), 16)
    return min(1 << (rows.bit_length() - 1), 4096)


def generation_memory(shape: ModelShape, batch_size: int, tokens: int) -> Memory:
    """The peak of writing `batch_size` replies in one batch, each of `tokens` tokens with its prompt."""
    cache = float(shape.cached * shape.bytes * batch_size * tokens)
    logits = 3.0 * batch_size * shape.vocabulary * 4
    return Memory(shape.weight_bytes, 0.0, GENERATION_COPIES * cache, logits)


@dataclass(frozen=True)
class Proposal:
    """Settings that fit into the memory."""

    changes: tuple[tuple[str, str], ...]
    """Each change as `key=value` of the stage, and its effect in words."""
    settings: TrainSettings
    memory: Memory


def propose(shape: ModelShape, settings: TrainSettings, rank: int, available: float, *, metal: bool) -> Proposal | None:
    """The mildest changes of settings that fit into `available` bytes; None if no changes do."""
    changes: dict[str, str] = {}
    memory = training_memory(shape, settings, rank, metal=metal)
    for change, effect in _changes_by_cost(settings, shape):
        current, candidate = memory.total, settings.model_copy(update=change)
        memory = training_memory(shape, candidate, rank, metal=metal)
        if memory.total >= current:
            continue
        settings = candidate
        changes |= {f"{key}={str(value).lower()}": effect for key, value in change.items()}
        if memory.total <= available:
            last_by_key = {assignment.partition("=")[0]: (assignment, text) for assignment, text in changes.items()}
            return Proposal(tuple(last_by_key.values()), settings, memory)
    return None


def _changes_by_cost(settings: TrainSettings, shape: ModelShape) -> Iterator[tuple[dict[str, Any], str]]:
    """Changes to make one after another: first those that only cost time, then rounding, then shorter rows."""
    if not settings.gradient_checkpointing:
        yield {"gradient_checkpointing": True}, "keeps only the inputs of the blocks, for about a third more time"
    tokens, length = settings.step_tokens, settings.max_length
    while tokens > length:
        tokens = max(tokens // 2, length)
        yield {"step_tokens": tokens}, "fewer tokens go through the model at once; an update learns the same"
    if settings.adapter_dtype == "float32" and shape.bytes < 4:
        yield {"adapter_dtype": "model"}, "the adapter computes in the base's 16 bits; its weights stay in float32"
    while length > 256:
        length //= 2
        yield {"max_length": length, "step_tokens": length}, "shorter rows; long documents are cut into more pieces"
