"""The factors of Llama 3 become the settings that they were computed from, or the file is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.gguf_files import tiny_gguf
from mlx_lm.models.rope_utils import initialize_rope

from msm_mlx.errors import SetupError
from msm_mlx.gguf_files.rope import LLAMA3, llama3_factors, rope_scaling
from msm_mlx.gguf_files.source import GgufSource, open_source

BASE, SIZE = 500000.0, 64


def source_with(factors: list[float], tmp_path: Path) -> GgufSource:
    tiny = tiny_gguf("llama")
    tiny.tensors["rope_freqs.weight"] = np.array(factors, np.float32)
    return open_source(tiny.write(tmp_path / "tiny.gguf"))


@pytest.mark.parametrize("factor", [8.0, 32.0])  # of Llama 3.1 and of 3.2
def test_the_settings_are_found_and_give_the_wavelengths_of_mlx(factor: float, tmp_path: Path) -> None:
    settings = {"rope_type": "llama3", "factor": factor, **LLAMA3}
    factors = llama3_factors(BASE, SIZE, settings)
    scaling = rope_scaling(source_with(factors.tolist(), tmp_path), BASE, SIZE)

    assert scaling == settings
    rope = initialize_rope(SIZE, BASE, False, scaling)
    plain = BASE ** (np.arange(0, SIZE, 2) / SIZE)
    assert np.allclose(np.array(rope._freqs), plain * factors, rtol=1e-4)
    assert np.array(rope._freqs).max() > factor * 1e5


def test_factors_of_another_origin_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"rope_freqs\.weight does not follow from a factor of 8"):
        rope_scaling(source_with([1.0] * 16 + [8.0] * 16, tmp_path), BASE, SIZE)


def test_factors_of_one_scale_nothing(tmp_path: Path) -> None:
    assert rope_scaling(source_with([1.0] * 32, tmp_path), BASE, SIZE) is None
