"""The two halves of a model make the logits of the whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from helpers.arrays import flat
from helpers.tiny_models import FAMILIES
from mlx_lm.models import gemma2

from msm_mlx.engine.loaded_model import load_base
from msm_mlx.engine.split import SplitModel, WholeModel, split_model

IDS = mx.array([[5, 60, 61, 62, 9, 100], [1, 2, 3, 4, 5, 6]])


def soft_capped() -> nn.Module:
    arguments = gemma2.ModelArgs(
        model_type="gemma2", hidden_size=16, num_hidden_layers=2, intermediate_size=24, num_attention_heads=2,
        head_dim=8, rms_norm_eps=1e-5, vocab_size=128, num_key_value_heads=1, final_logit_softcapping=2.0,
        query_pre_attn_scalar=8,
    )  # fmt: skip
    model: nn.Module = gemma2.Model(arguments)
    return model


@pytest.mark.parametrize("family", [*FAMILIES, "gemma2"])
def test_body_and_head_make_the_models_logits(family: str, tiny_model_folder: Callable[[str], Path]) -> None:
    model = soft_capped() if family == "gemma2" else load_base(tiny_model_folder(family)).model
    names = list(flat(model.parameters()))
    split = split_model(model)
    assert isinstance(split, SplitModel)
    hidden = split.hidden(IDS)
    assert hidden.shape == (2, 6, 16)
    assert np.allclose(np.array(split.logits(hidden)), np.array(model(IDS)), rtol=1e-5, atol=1e-5)
    assert list(flat(model.parameters())) == names


def test_a_model_that_cannot_be_split_is_taken_whole() -> None:
    class Odd(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(20, 8)

        def __call__(self, ids: mx.array, cache: Any = None) -> mx.array:
            logits: mx.array = self.table.as_linear(self.table(ids))
            return logits

    model = Odd()
    split = split_model(model)
    assert isinstance(split, WholeModel)
    ids = mx.array([[1, 2, 3]])
    assert np.array_equal(np.array(split.logits(split.hidden(ids))), np.array(model(ids)))
