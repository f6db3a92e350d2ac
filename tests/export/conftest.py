"""Fixtures for what leaves a run folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.tiny_models import POCKET_WEIGHTS
from helpers.trained_runs import make_trained_run


@pytest.fixture
def trained_run(tmp_path: Path, tiny_model_folder: Callable[[str], Path]) -> Callable[..., Path]:
    """`trained_run("llama")`: a run over a tiny model of a family, over `pocket`, or over the model in `folder`."""

    def make(model: str = "pocket", folder: Path | None = None, **options: Any) -> Path:
        base = folder or (POCKET_WEIGHTS if model == "pocket" else tiny_model_folder(model))
        return make_trained_run(tmp_path / "runs", model if model == "pocket" else str(base), base, **options)

    return make
