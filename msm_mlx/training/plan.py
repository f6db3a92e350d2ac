"""How rows go through a model: which packing, which layout, which chunk of logits, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from msm_mlx.engine.boundaries import Packing, choose_packing, keeps_apart
from msm_mlx.engine.split import SplitModel, WholeModel, split_model
from msm_mlx.errors import MsmError
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.training.loss import chunk_rows
from msm_mlx.training.packing import Layout, choose_layout
from msm_mlx.training.tokenize import Row

FLOPS = 1e11  # a second, of matrix products on a CPU with OpenBLAS
EXP = 2e-8  # seconds for an exponential and its gradient in mlx's CPU kernels


@dataclass(frozen=True)
class TrainingPlan:
    """What `train` works by. `reasons` are for the log."""

    model: SplitModel | WholeModel
    packing: Packing
    layout: Layout
    chunk: int
    layers: int
    adapter_dtype: mx.Dtype
    reasons: tuple[str, ...]


def plan_training(model: nn.Module, rows: Sequence[Row], settings: TrainSettings) -> TrainingPlan:
    """Raises MsmError if the settings ask for a packing that is not exact for the model, or rows have ids beyond it."""
    split = split_model(model)
    hidden = split.hidden(mx.array([[0, 1]]))  # (1, 2, D)
    vocabulary = split.logits(hidden).shape[-1]
    highest = max((max(row.ids) for row in rows if row.ids), default=0)
    if highest >= vocabulary:  # mlx would read whatever lies behind the embeddings
        raise MsmError(
            f"the tokenizer gives ids up to {highest}, but the model has embeddings for {vocabulary} tokens; "
            "use the tokenizer that belongs to the model"
        )
    packing, why = _packing(model, settings)
    lengths = [max(len(row.ids) - 1, 1) for row in rows]
    layout = choose_layout(
        lengths, settings.batch_size, settings.max_length, base_layout(model, settings), share=packing != "off"
    )
    if packing != "off" and not layout.capacity:
        why = "every row by itself, which costs least here: the rows are short or of much the same length"
    elif layout.capacity:
        why = f"{why}; lines of {layout.capacity}"
    reasons = [f"Packing: {why}."]
    if isinstance(split, WholeModel):
        reasons.append("Loss: this architecture does not let hidden states be had apart from logits; all are kept.")
    dtype = hidden.dtype if settings.adapter_dtype == "model" else mx.float32
    return TrainingPlan(split, packing, layout, chunk_rows(vocabulary), len(model.layers), dtype, tuple(reasons))


def _packing(model: nn.Module, settings: TrainSettings) -> tuple[Packing, str]:
    wanted = settings.packing
    if wanted == "auto":
        return choose_packing(model)
    if wanted != "off" and not keeps_apart(model, wanted):
        name = getattr(model, "model_type", type(model).__module__)
        raise MsmError(f"packing {wanted!r} is not exact for the architecture {name}; use packing auto or off")
    return wanted, f"{wanted}, because the recipe says so"


def base_layout(model: nn.Module, settings: TrainSettings) -> Layout:
    """Rows by themselves, with what passes and widths cost on this kind of machine."""
    gpu = mx.default_device() == mx.gpu
    launch, grain = (128.0, 64) if gpu else (16.0, 8)
    return Layout(0, max(settings.step_tokens, settings.max_length), attention_span(model), launch, grain)


def attention_span(model: nn.Module) -> float:
    """The width of a line at which attention over it takes as long as all the rest, from the model's dimensions."""
    args: Any = getattr(getattr(model, "language_model", model), "args", None)
    try:
        hidden, inner, heads = args.hidden_size, args.intermediate_size, args.num_attention_heads
        width = heads * (getattr(args, "head_dim", None) or hidden // heads)
    except (AttributeError, TypeError):
        return 8192.0
    products: int = 2 * hidden * width + 2 * hidden * width + 3 * hidden * inner
    if mx.default_device() == mx.gpu:
        return float(products / (2 * width))
    span: float = (6 * products / FLOPS + EXP * inner) / (12 * width / FLOPS + EXP * heads)
    return span
