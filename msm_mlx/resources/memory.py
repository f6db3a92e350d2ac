"""How much memory and time a recipe takes, from the model's config.json and the recipe alone. Imports no mlx.

The memory of training is a sum of what is there all the time and the larger of two moments: the loss, and the backward
pass of a block. The factors were fitted to `mx.get_peak_memory()` of twenty Llama- and Qwen3-shaped models in fp32 and
4-bit on Linux, at most 7 % off (tests/test_estimate.py holds them against new measurements). For Metal they are
extrapolated: half precision and fused attention, which keeps no scores, take the place of fp32.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msm_mlx.errors import MsmError
from msm_mlx.recipe.schema import TrainSettings

CHUNK_BYTES = 40 * 2**20  # of logits, as in msm_mlx.training.loss
ADAPTER_COPIES = 2.7  # of its weights, at the peak: gradients and moments of Adam, never all at once with the rest
SAVED_LINEAR, SAVED_SCORES = 1.02, 1.52  # of what a block computes, kept for the backward pass
WORK_LINEAR, WORK_SCORES = 3.18, 3.00  # of one block while it is recomputed and differentiated
ONE_CHUNK, EACH_CHUNK, ALL_CHUNKS = 5.28, 1.24, 11.6  # copies of a chunk of logits: one, each further one, the most
GENERATION_COPIES = 1.5  # of the key-value cache, for what merging and splitting batches takes


@dataclass(frozen=True)
class ModelShape:
    """What of a model's config.json decides its size."""

    family: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    inner: int
    vocabulary: int
    tied: bool
    bytes: int  # of an activation, and of a weight that is not quantised
    bits: float  # of a quantised weight, its scales included; 0: not quantised

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ModelShape:
        """Raises MsmError if the config lacks what a dense transformer has."""
        text = config.get("text_config", config)
        quantization = config.get("quantization") or {}
        width = 4 if str(text.get("torch_dtype", text.get("dtype", ""))) == "float32" else 2
        bits = quantization.get("bits", 0)
        overhead = 16 * width / quantization["group_size"] if quantization else 0  # a scale and a bias for each group
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
        sides = 2 * (self.hidden + self.attention) + 2 * (self.hidden + self.keys) + 3 * (self.hidden + self.inner)
        return rank * self.layers * sides


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
    """The peak of an update over rows that are as long as they may be."""
    width = -(-settings.max_length // 8) * 8
    lines = min(settings.batch_size, max(max(settings.step_tokens, width) // width, 1))
    positions = lines * width
    inputs = 8 * shape.hidden + 3 * (shape.attention + shape.keys) + 3.5 * shape.inner
    if shape.family.startswith("qwen3"):
        inputs += shape.attention + shape.keys  # normalised queries and keys
    linear = positions * inputs * shape.bytes
    own = settings.adapter_dtype == "model" and shape.bytes < 4
    if shape.bytes < 4 and not own:
        linear += positions * 4 * (2 * shape.hidden + shape.attention + shape.inner)  # the adapter works in fp32
    scores = 0.0 if metal else float(lines * shape.heads * width**2 * 4)
    kept = positions * shape.hidden * shape.bytes
    chunk = min(positions, _chunk_rows(shape.vocabulary))
    copies = min(ONE_CHUNK + EACH_CHUNK * (-(-positions // chunk) - 1), ALL_CHUNKS)
    logits = copies * chunk * shape.vocabulary * 4
    if settings.gradient_checkpointing:
        block = WORK_LINEAR * linear + WORK_SCORES * scores
        activations, logits = shape.layers * kept + max(block - logits, 0.0), logits
    else:
        activations = shape.layers * (SAVED_LINEAR * linear + SAVED_SCORES * scores)
    adapter = ((1 + ADAPTER_COPIES) * 4.0 + (shape.bytes if own else 0)) * shape.adapter_parameters(rank)
    return Memory(shape.weight_bytes, adapter, activations, logits)


def _chunk_rows(vocabulary: int) -> int:
    rows = max(CHUNK_BYTES // (4 * vocabulary), 16)
    return min(1 << (rows.bit_length() - 1), 4096)


def generation_memory(shape: ModelShape, batch_size: int, tokens: int) -> Memory:
    """The peak of writing `tokens` tokens, prompt included, in `batch_size` answers side by side."""
    cache = 2.0 * shape.layers * shape.keys * shape.bytes * batch_size * tokens
    logits = 3.0 * batch_size * shape.vocabulary * 4
    return Memory(shape.weight_bytes, 0.0, GENERATION_COPIES * cache, logits)


@dataclass(frozen=True)
class Proposal:
    """Settings that fit, as `key=value` of the stage, with what each does."""

    changes: tuple[tuple[str, str], ...]
    settings: TrainSettings
    memory: Memory


def propose(shape: ModelShape, settings: TrainSettings, rank: int, available: float, *, metal: bool) -> Proposal | None:
    """The mildest change of settings that fits into `available` bytes; None if none does."""
    changes: dict[str, str] = {}
    memory = training_memory(shape, settings, rank, metal=metal)
    for change, reason in _milder(settings, shape):
        before, changed = memory.total, settings.model_copy(update=change)
        memory = training_memory(shape, changed, rank, metal=metal)
        if memory.total >= before:
            continue
        settings = changed
        changes |= {f"{key}={str(value).lower()}": reason for key, value in change.items()}
        last = {text.partition("=")[0]: (text, why) for text, why in changes.items()}
        if memory.total <= available:
            return Proposal(tuple(last.values()), settings, memory)
    return None


def _milder(settings: TrainSettings, shape: ModelShape) -> Iterator[tuple[dict[str, Any], str]]:
    """Changes one after another: first what costs time only, then what rounds, then what shortens rows."""
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
