"""Checkpointed blocks compute what the blocks compute."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import pytest
from helpers.arrays import flat, same_bits
from mlx_lm.models import llama

from msm_mlx.engine.adapters import LoraShape, add_lora
from msm_mlx.engine.checkpointing import checkpointed_layers
from msm_mlx.engine.loaded_model import LoadedModel

IDS = mx.array([[5, 60, 61, 62, 9, 100], [1, 2, 3, 4, 5, 6]])


def test_checkpointed_blocks_give_the_same_gradients_and_are_put_back(tiny: LoadedModel) -> None:
    add_lora(tiny.model, LoraShape(2, 2.0), seed=0)
    before = llama.TransformerBlock.__call__
    gradient = nn.value_and_grad(tiny.model, lambda model: model(IDS).square().mean())
    _, expected = gradient(tiny.model)
    mx.eval(expected)
    for _ in range(2):  # nothing nests
        with checkpointed_layers(tiny.model):
            assert llama.TransformerBlock.__call__ is not before
            _, found = gradient(tiny.model)
            mx.eval(found)
        assert llama.TransformerBlock.__call__ is before
        assert same_bits(flat(found), flat(expected))
    with pytest.raises(KeyError), checkpointed_layers(tiny.model):
        raise KeyError
    assert llama.TransformerBlock.__call__ is before
    with checkpointed_layers(tiny.model, enabled=False):
        assert llama.TransformerBlock.__call__ is before
