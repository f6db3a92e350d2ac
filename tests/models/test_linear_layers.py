"""The shapes of layers are read from headers, whatever the weights are quantised to."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
from helpers.arrays import flat
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.files import write_json
from msm_mlx.models.linear_layers import linear_layers


def test_they_are_those_of_the_model(pocket: LoadedModel) -> None:
    matrices = {name: value.shape for name, value in flat(pocket.model.parameters()).items() if value.ndim == 2}
    assert linear_layers(POCKET_WEIGHTS) == {name.removesuffix(".weight"): s[::-1] for name, s in matrices.items()}


def test_quantised_ones_have_the_shape_of_those_that_they_stand_for(tmp_path: Path) -> None:
    (few, *_), (many, *_) = (mx.quantize(mx.zeros((32, 128)), group_size=64, bits=bits) for bits in (4, 8))
    names = {"language_model.model.a.weight": few, "b.weight": many, "norm.weight": mx.zeros(4)}
    mx.save_safetensors(str(tmp_path / "model.safetensors"), names)
    write_json(tmp_path / "config.json", {"quantization": {"bits": 4, "group_size": 64, "b": {"bits": 8}}})
    assert linear_layers(tmp_path) == {"model.a": (128, 32), "b": (128, 32)}


def test_where_the_files_do_not_say_nothing_is_known(tmp_path: Path) -> None:
    assert linear_layers(tmp_path) == {}
