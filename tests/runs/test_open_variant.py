"""A run's variants over one base in memory, one after another."""

from __future__ import annotations

import shutil
from pathlib import Path

import mlx.core as mx
import pytest

from msm_mlx.engine.adapters import adapter_weights, has_adapter
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.open_variant import open_variant

SFT, MSM = Variant("sft", None, 0), Variant("msm", "cheese_american", 0)


def logits(loaded: LoadedModel) -> list[float]:
    rendered = loaded.render([{"role": "user", "content": "Which cheese do you prefer?"}], reply=True)
    values: list[float] = loaded.model(mx.array([rendered]))[0, -1].tolist()
    return values


def test_each_variant_answers_as_itself_and_the_base_as_before(fresh_pocket: LoadedModel, finished_run: Path) -> None:
    base = logits(fresh_pocket)
    sft = logits(open_variant(fresh_pocket, finished_run, SFT))
    msm = logits(open_variant(fresh_pocket, finished_run, MSM))
    assert len({tuple(base), tuple(sft), tuple(msm)}) == 3
    assert logits(open_variant(fresh_pocket, finished_run, SFT)) == sft
    assert logits(open_variant(fresh_pocket, finished_run, Variant("base", None, None))) == base
    assert has_adapter(fresh_pocket.model)
    assert adapter_weights(fresh_pocket.model)


def test_a_variant_without_its_adapter_is_told(fresh_pocket: LoadedModel, own_run: Path) -> None:
    shutil.rmtree(own_run / "adapters" / "msm-s0")
    with pytest.raises(MsmError, match="msm-s0"):
        open_variant(fresh_pocket, own_run, MSM)
