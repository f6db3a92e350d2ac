"""What mlx-lm cannot load is known from the configuration alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.engine.architectures import require_architecture
from msm_mlx.errors import SetupError


def test_only_what_mlx_lm_knows_is_taken_under_whatever_name() -> None:
    for name in ("llama", "qwen3", "mistral"):
        require_architecture({"model_type": name}, Path("some-model"))
    with pytest.raises(SetupError, match="some-model has the architecture x1, which"):
        require_architecture({"model_type": "x1"}, Path("some-model"))
