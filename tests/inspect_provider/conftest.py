"""A trained run, and one of its arms as a model of inspect_ai, which is an extra."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from helpers.tiny_models import POCKET_WEIGHTS
from helpers.trained_runs import make_trained_run

if TYPE_CHECKING:
    from msm_mlx.inspect_provider.provider import ArmAPI


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_trained_run(tmp_path_factory.mktemp("inspect") / "runs", "pocket", POCKET_WEIGHTS)


@pytest.fixture
def arm(run: Path) -> Iterator[ArmAPI]:
    from msm_mlx.inspect_provider.provider import ArmAPI

    api = ArmAPI(f"{run}/msm+sft", long_prompts="cut", batch_size=4)
    yield api
    api.close()
