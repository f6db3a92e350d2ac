"""A tiny model with an adapter to train."""

from __future__ import annotations

import pytest

from msm_mlx.engine.adapters import LoraShape, add_lora
from msm_mlx.engine.loaded_model import LoadedModel


@pytest.fixture
def adapted(tiny: LoadedModel) -> LoadedModel:
    add_lora(tiny.model, LoraShape(2, 2.0), seed=0)
    return tiny
