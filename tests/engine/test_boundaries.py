"""Documents that share a row give the logits and gradients that they give alone, or the architecture is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from helpers.architectures import build
from helpers.arrays import close, flat
from helpers.tiny_models import FAMILIES
from mlx_lm.models import llama, mamba

from msm_mlx.engine.adapters import LoraShape, add_lora
from msm_mlx.engine.boundaries import (
    FUSED_HEAD_DIMS,
    MAX_DOCUMENTS,
    Packing,
    boundaries,
    choose_packing,
    extra_dims,
    isolates_documents,
    packed_attention,
)
from msm_mlx.engine.loaded_model import load_base

DOCUMENTS = ([5, 9, 60, 61], [7, 8, 62, 1, 2, 3, 30], [4, 4, 4], list(range(40, 51)))
WAYS: list[tuple[str, Packing]] = [
    ("llama", "masked"), ("llama", "causal"), ("qwen3", "masked"), ("qwen3", "causal"), ("gemma3", "masked"),
]  # fmt: skip


def row_of(documents: tuple[list[int], ...]) -> tuple[mx.array, mx.array]:
    """(1, T) ids and (1, T) segments, with padding as in a batch."""
    ids = [token for document in documents for token in document]
    segments = [number for number, document in enumerate(documents) for _ in document]
    return mx.array([[*ids, 0, 0]]), mx.array([[*segments, len(documents), len(documents)]])


@pytest.mark.parametrize(("family", "packing"), WAYS, ids=lambda value: str(value))
def test_sharing_a_row_changes_neither_loss_nor_gradient(
    family: str, packing: Packing, tiny_model_folder: Callable[[str], Path]
) -> None:
    model = load_base(tiny_model_folder(family)).model
    add_lora(model, LoraShape(2, 2.0), seed=0)
    for module in model.modules():
        if "lora_b" in module:
            module.lora_b = mx.random.normal(module.lora_b.shape) * 0.1
    ids, segments = row_of(DOCUMENTS)
    ends = np.cumsum([len(document) for document in DOCUMENTS])
    learned = [i for i in range(int(ends[-1])) if i + 1 not in ends]

    def together(model: nn.Module) -> mx.array:
        logits = model(ids, cache=boundaries(packing, segments, len(model.layers)))
        places = mx.array(learned)
        loss: mx.array = nn.losses.cross_entropy(logits[0][places], ids[0][places + 1]).sum()
        return loss

    def apart(model: nn.Module) -> mx.array:
        losses = [nn.losses.cross_entropy(model(mx.array([d]))[0, :-1], mx.array(d[1:])).sum() for d in DOCUMENTS]
        return mx.stack(losses).sum()

    with packed_attention(model, packing):
        loss, gradients = nn.value_and_grad(model, together)(model)
        mx.eval(loss, gradients)
    expected, separate = nn.value_and_grad(model, apart)(model)
    assert np.array(loss) == pytest.approx(np.array(expected), rel=1e-5)
    mine, theirs = flat(gradients), flat(separate)
    assert all(close(mine[name], theirs[name], 1e-5) for name in theirs)


def test_what_packing_changes_is_put_back(tiny_model_folder: Callable[[str], Path]) -> None:
    model = load_base(tiny_model_folder("llama")).model
    before = llama.scaled_dot_product_attention
    with packed_attention(model, "causal"):
        assert llama.scaled_dot_product_attention is not before
    with pytest.raises(KeyError), packed_attention(model, "causal"):
        raise KeyError
    assert llama.scaled_dot_product_attention is before


@pytest.mark.parametrize("family", FAMILIES)
def test_a_probe_chooses_what_is_exact(family: str, tiny_model_folder: Callable[[str], Path]) -> None:
    model = load_base(tiny_model_folder(family)).model
    packing, reason = choose_packing(model)
    assert packing in ("masked", "causal")
    assert "share rows" in reason
    assert isolates_documents(model, "causal") == (family != "gemma3")
    assert not isolates_documents(model, "off")


def test_a_recurrent_model_is_refused_by_name() -> None:
    arguments = mamba.ModelArgs(
        model_type="mamba", vocab_size=20, hidden_size=8, intermediate_size=16, state_size=4, num_hidden_layers=1,
        conv_kernel=2, use_bias=False, use_conv_bias=False, time_step_rank=2,
    )  # fmt: skip
    packing, reason = choose_packing(mamba.Model(arguments))
    assert packing == "off"
    assert "mamba" in reason


@pytest.mark.parametrize("key_heads", [1, 2])
def test_masks_that_an_architecture_takes_for_one_row_alone_are_not_used(key_heads: int) -> None:
    """In a batch, gemma2 lays them over its heads: it fails, or mixes rows up where there are as many rows as heads."""
    model, _ = build("gemma2", num_key_value_heads=key_heads)
    assert not isolates_documents(model, "masked")
    packing, reason = choose_packing(model)
    assert (packing, "gemma2" in reason) == ("off", True)


def test_extra_dimensions_tell_the_documents_of_a_row_apart() -> None:
    for head_dim in (8, 64, 80, 96, 128, 256):
        assert 2 ** (extra_dims(head_dim) // 2) >= MAX_DOCUMENTS
    assert all(head_dim + extra_dims(head_dim) in FUSED_HEAD_DIMS for head_dim in (64, 80, 96, 128))
