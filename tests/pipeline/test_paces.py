"""How fast writers are is asked of each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.plans import recipe
from helpers.reporters import StageReporter

from msm_mlx.pipeline.paces import measure_paces
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.runner import run_recipe
from msm_mlx.runs.folder import RunFolder


@pytest.mark.slow
def test_each_of_several_writers_has_its_pace(tmp_path: Path, tiny_model_folder: Callable[[str], Path]) -> None:
    folders = [str(tiny_model_folder(family)) for family in ("llama", "qwen3")]
    shared = recipe(f"documents.writer=[{', '.join(folders)}]", "documents.count=20", "documents.batch_size=2")
    run, plan = RunFolder(tmp_path / "run"), plan_run(shared)
    run_recipe(shared, run, StageReporter(), ["plan"])
    paces = measure_paces(plan, run)
    assert sorted(paces) == sorted(folders)
    assert all(pace.tokens_per_second > 0 for pace in paces.values())
