"""What mlx-lm cannot load is known from the configuration alone."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import pytest

from msm_mlx.engine.architectures import require_architecture, untrainable_architecture
from msm_mlx.errors import SetupError


def test_only_what_mlx_lm_knows_is_taken_under_whatever_name() -> None:
    for name in ("llama", "qwen3", "mistral"):
        require_architecture({"model_type": name}, Path("some-model"))
    with pytest.raises(SetupError, match="some-model: has the architecture x1, which"):
        require_architecture({"model_type": "x1"}, Path("some-model"))


def test_what_only_a_mac_computes_and_what_nobody_can_train_is_known_from_the_name() -> None:
    if not mx.metal.is_available():
        with pytest.raises(SetupError, match="architecture bitnet, which mlx-lm computes by kernels for Metal alone"):
            require_architecture({"model_type": "bitnet"}, Path("some-model"))
    assert "recurrent_gemma is no complete module" in untrainable_architecture({"model_type": "recurrent_gemma"})
    assert untrainable_architecture({"model_type": "gemma2"}) == ""
