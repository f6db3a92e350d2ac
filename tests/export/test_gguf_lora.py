"""An adapter for llama.cpp comes back as it was, whatever the base is quantised to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.architectures import save_architecture
from helpers.exports import export_adapter, quantised
from helpers.lookalike_models import save_lookalike

from msm_mlx.errors import SetupError
from msm_mlx.export.adapter import GGUF_LORA
from msm_mlx.gguf_files.source import open_source

pytestmark = pytest.mark.slow


def test_a_quantised_base_needs_no_original(trained_run: Callable[..., Path], tmp_path: Path) -> None:
    original = save_lookalike(tmp_path / "original", "qwen3", chat=True, bits=None)
    run = trained_run("quantised", quantised(original, tmp_path / "base"))
    exported = export_adapter(run, "gguf-lora", tmp_path / "out")

    assert exported.difference == 0 < exported.effect
    metadata = open_source(tmp_path / "out" / GGUF_LORA).metadata
    assert (metadata["general.architecture"], metadata["general.type"]) == ("qwen3", "adapter")


def test_another_architecture_is_refused(trained_run: Callable[..., Path], tmp_path: Path) -> None:
    run = trained_run("mixture", save_architecture(tmp_path / "base", "qwen3_moe"))
    with pytest.raises(SetupError, match="of the architecture qwen3_moe; llama, qwen2, qwen3, gemma3 can be written"):
        export_adapter(run, "gguf-lora", tmp_path / "out")
    assert not (tmp_path / "out").exists()
