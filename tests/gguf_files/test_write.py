"""Files are written in the types that are asked for, or not at all."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from msm_mlx.errors import SetupError
from msm_mlx.gguf_files.source import Floats, GgufSource, SourceTensor, open_source
from msm_mlx.gguf_files.write import OutType, write_source, written_size

RANDOM = np.random.default_rng(5)


def source_of(folder: Path, **arrays: Floats) -> GgufSource:
    tensors = {name: SourceTensor(name, value.shape, "F32", partial(np.array, value)) for name, value in arrays.items()}
    metadata = {
        "general.architecture": "llama",
        "llama.block_count": 2,
        "llama.rope.freq_base": 1e6,
        "words": ["é", "b"],
    }
    return GgufSource(folder / "out.gguf", metadata | {"flag": False, "numbers": [1, 2]}, tensors)


@pytest.mark.parametrize(
    ("out_type", "kinds", "error"),
    [("f16", ("F16", "F16", "F32"), 1e-3), ("q8_0", ("Q8_0", "F16", "F32"), 2e-2), (None, ("F32", "F32", "F32"), 0.0)],
)
def test_matrices_are_narrowed_where_blocks_fit(
    out_type: OutType | None, kinds: tuple[str, ...], error: float, tmp_path: Path
) -> None:
    arrays = {"wide": (4, 64), "narrow": (4, 20), "norm": (64,)}
    values = {name: RANDOM.normal(size=shape).astype(np.float32) for name, shape in arrays.items()}
    source = source_of(tmp_path, **values)
    write_source(source, source.path, out_type)
    back = open_source(source.path)
    size = source.path.stat().st_size

    assert written_size(source, out_type) <= size <= written_size(source, out_type) + 1000
    assert tuple(back.tensors[name].quantisation for name in values) == kinds
    for name, value in values.items():
        assert back.tensors[name].shape == value.shape
        assert np.abs(back.tensors[name].read() - value).max() <= (0.0 if name == "norm" else error)
    assert {name: back.metadata[name] for name in source.metadata} == source.metadata


@pytest.mark.parametrize(
    ("value", "told"),
    [(1e6, r"w has a value of 1e\+06, which is too large for 16 bits"), (np.nan, "that are no numbers")],
)
def test_values_that_do_not_fit_are_told(value: float, told: str, tmp_path: Path) -> None:
    source = source_of(tmp_path, w=np.full((2, 32), value, np.float32))
    with pytest.raises(SetupError, match=told):
        write_source(source, source.path, "f16")


def test_without_the_package_the_command_to_install_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    source = source_of(tmp_path)
    with pytest.raises(SetupError, match=r"pip install 'msm-mlx\[gguf\]'"):
        write_source(source, source.path, "f16")
