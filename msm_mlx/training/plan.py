"""How rows go through a model: which packing, which layout, how many logits at once, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from msm_mlx.engine.architectures import architecture_of
from msm_mlx.engine.boundaries import Packing, choose_packing, isolates_documents
from msm_mlx.engine.cpu_kernels import prefers_cpu_kernels
from msm_mlx.engine.split import SplitModel, WholeModel, split_model
from msm_mlx.errors import MsmError
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.resources.memory import logits_chunk_size
from msm_mlx.training.packing import Layout, choose_layout
from msm_mlx.training.tokenize import TokenRow

CPU_FLOPS = 1e11  # a second, of matrix products with OpenBLAS
CPU_EXP_SECONDS = 2e-8  # for one exponential and its gradient in mlx's CPU kernels
DEFAULT_ATTENTION_SPAN = 8192.0  # tokens, for models whose dimensions are not known


@dataclass(frozen=True)
class TrainingPlan:
    """How `msm_mlx.training.trainer.train` computes. `reasons` are lines for the log."""

    model: SplitModel | WholeModel
    packing: Packing
    layout: Layout
    chunk_size: int
    """Rows of logits that are in memory at once."""
    layers: int
    adapter_dtype: mx.Dtype
    cpu_kernels: bool
    """Whether the model computes with the operations of `msm_mlx.engine.cpu_kernels`."""
    reasons: tuple[str, ...]


def plan_training(model: nn.Module, rows: Sequence[TokenRow], settings: TrainSettings) -> TrainingPlan:
    """Choose what is exact for this model and fastest for these rows on this machine.

    Raises:
        MsmError: if the settings ask for a packing that is not exact for the model, or if rows hold token ids that the
            model has no embedding for.
    """
    split = split_model(model)
    hidden = split.hidden(mx.array([[0, 1]]))  # (1, 2, D)
    vocabulary = split.logits(hidden).shape[-1]
    _check_token_ids(rows, vocabulary)
    packing, reason = _resolve_packing(model, settings)
    kernels = prefers_cpu_kernels(model)
    base = replace(base_layout(model, settings), few_shapes=not kernels)  # padding would cost more than new shapes
    lengths = [max(len(row.ids) - 1, 1) for row in rows]
    layout = choose_layout(lengths, settings.batch_size, settings.max_length, base, packing=packing != "off")
    if packing != "off" and not layout.capacity:
        reason = "every row by itself, which costs least here: the rows are short or of much the same length"
    elif layout.capacity:
        reason = f"{reason}; packed rows of {layout.capacity} tokens"
    reasons = [f"Packing: {reason}."]
    if isinstance(split, WholeModel):
        reasons.append(
            "Loss: this architecture does not separate hidden states from logits, so all logits are kept in memory."
        )
    if kernels:
        reasons.append("Kernels: attention, gated MLP and LoRA by operations that are faster on this processor.")
    dtype = hidden.dtype if settings.adapter_dtype == "model" else mx.float32
    return TrainingPlan(
        model=split,
        packing=packing,
        layout=layout,
        chunk_size=logits_chunk_size(vocabulary),
        layers=len(model.layers),
        adapter_dtype=dtype,
        cpu_kernels=kernels,
        reasons=tuple(reasons),
    )


def _check_token_ids(rows: Sequence[TokenRow], vocabulary: int) -> None:
    highest = max((max(row.ids) for row in rows if row.ids), default=0)
    if highest >= vocabulary:  # mlx checks no bounds and would read the memory behind the embeddings
        raise MsmError(
            f"the tokenizer gives ids up to {highest}, but the model has embeddings for {vocabulary} tokens; "
            "use the tokenizer that belongs to the model"
        )


def _resolve_packing(model: nn.Module, settings: TrainSettings) -> tuple[Packing, str]:
    packing = settings.packing
    if packing == "auto":
        return choose_packing(model)
    if packing != "off" and not isolates_documents(model, packing):
        name = architecture_of(model)
        raise MsmError(f"packing {packing!r} is not exact for the architecture {name}; use packing auto or off")
    return packing, f"{packing}, because the recipe says so"


def base_layout(model: nn.Module, settings: TrainSettings) -> Layout:
    """A layout without packing, with the costs of passes and widths on this kind of machine."""
    on_gpu = mx.default_device() == mx.gpu
    return Layout(
        capacity=0,
        max_positions=max(settings.step_tokens, settings.max_length),
        attention_span=attention_span(model),
        pass_cost=128.0 if on_gpu else 16.0,
        granularity=64 if on_gpu else 8,
    )


def attention_span(model: nn.Module) -> float:
    """The width in tokens at which attention takes as long as everything else, from the model's dimensions.

    Attention costs 2 * width * T multiplications a position in each block, everything else the size of the block's
    matrices. On a CPU the exponentials of the softmax and of the gated MLP are counted too.
    """
    args: Any = getattr(getattr(model, "language_model", model), "args", None)
    try:
        hidden, inner, heads = args.hidden_size, args.intermediate_size, args.num_attention_heads
        width = heads * (getattr(args, "head_dim", None) or hidden // heads)
    except (AttributeError, TypeError):
        return DEFAULT_ATTENTION_SPAN
    products: int = 2 * hidden * width + 2 * hidden * width + 3 * hidden * inner
    if mx.default_device() == mx.gpu:
        return float(products / (2 * width))
    # forward and backward take three products of two operations each: 6 a multiplication
    span: float = (6 * products / CPU_FLOPS + CPU_EXP_SECONDS * inner) / (
        12 * width / CPU_FLOPS + CPU_EXP_SECONDS * heads
    )
    return span
