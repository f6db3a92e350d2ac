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
from msm_mlx.recipe.schema import TrainSettings

PROMPT_TOKENS = 400  # of a writer's or an evaluation's prompt, for estimates
LOGITS_CHUNK_BYTES = 40 * 2**20  # of fp32 logits: 64 rows at a vocabulary of 152k
# fitted, as multiples of what the formulas below count
ADAPTER_COPIES = 2.7  # of the adapter's weights at the peak: gradients and moments of Adam, never all at the same time
SAVED_LINEAR, SAVED_SCORES = 1.02, 1.52  # of a block's outputs and attention scores, saved for the backward pass
WORK_LINEAR, WORK_SCORES = 3.18, 3.00  # of the same, while one block is recomputed and differentiated
FIRST_CHUNK, NEXT_CHUNK, MAX_CHUNKS = 5.28, 1.24, 11.6  # of a chunk of logits: the first, each further one, the most
GENERATION_COPIES = 1.5  # of the key-value cache, while batches are merged and split


@dataclass(frozen=True)
class ModelShape:
    """The dimensions of a dense transformer, from its config.json."""

    family: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    inner: int
    vocabulary: int
    tied: bool
    bytes: int
    """Of an activation, and of a weight that is not quantised."""
    bits: float
    """Of a quantised weight, its share of the scales included; 0 if weights are not quantised."""

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ModelShape:
        """The shape that `config` describes.

        Raises:
            MsmError: if it does not describe a dense transformer.
        """
        text = config.get("text_config", config)
        quantization = config.get("quantization") or {}
        width = 4 if str(text.get("torch_dtype", text.get("dtype", ""))) == "float32" else 2
        bits = quantization.get("bits", 0)
        overhead = (
            16 * width / quantization["group_size"] if quantization else 0
        )  # bits a weight: each group has a scale and a bias
        try:
            hidden, heads = int(text["hidden_size"]), int(text["num_attention_heads"])
            return cls(
                family=str(text.get("model_type", "")),
                hidden=hidden,
                layers=int(text["num_hidden_layers"]),
                heads=heads,
                kv_heads=int(text.get("num_key_value_heads") or heads),
                head_dim=int(text.get("head_dim") or hidden // heads),
                inner=int(text["intermediate_size"]),
                vocabulary=int(text["vocab_size"]),
                tied=bool(text.get("tie_word_embeddings", True)),
                bytes=width,
                bits=bits + overhead if bits else 0,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise MsmError(
                f"config.json does not describe a dense transformer ({error}); no estimate is possible"
            ) from error

    @property
    def attention(self) -> int:
        return self.heads * self.head_dim

    @property
    def keys(self) -> int:
        return self.kv_heads * self.head_dim

    @property
    def block_parameters(self) -> int:
        return 2 * self.hidden * (self.attention + self.keys) + 3 * self.hidden * self.inner

    @property
    def parameters(self) -> int:
        return self.layers * self.block_parameters + self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def weight_bytes(self) -> float:
        return self.parameters * (self.bits / 8 if self.bits else self.bytes)

    def adapter_parameters(self, rank: int) -> int:
        inputs_and_outputs = (
            2 * (self.hidden + self.attention) + 2 * (self.hidden + self.keys) + 3 * (self.hidden + self.inner)
        )
        return rank * self.layers * inputs_and_outputs


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
    cache = 2.0 * shape.layers * shape.keys * shape.bytes * batch_size * tokens
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
