"""The command to type after a run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import RECIPES
from helpers.fake_reports import make_run

from msm_mlx.report.next_step import next_step
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.outcome import TrainingOutcome


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MSM_MLX_HOME", raising=False)


def words(folder: Path, **recipe: Any) -> list[str]:
    return shlex.split(next_step(open_run(make_run(folder, **recipe))).command)


def test_few_seeds_are_followed_by_more_of_them(tmp_path: Path) -> None:
    shipped = {"path": RECIPES / "cheese_american.yaml", "name": "cheese_american", "profile": "pocket"}
    found = words(tmp_path / "runs" / "cheese_american", seeds=[1], **shipped)
    assert found == ["msm-mlx", "run", "cheese_american", "--seed", "0", "--seed", "1", "--seed", "2"]


def test_a_recipe_of_ones_own_is_named_by_its_path_and_keeps_its_settings(tmp_path: Path) -> None:
    folder = tmp_path / "my runs" / "cheese"
    own = {"path": tmp_path / "own.yaml", "overrides": ("documents.count=9", "seeds=[0]"), "model": "/models/m"}
    assert words(folder, seeds=[0], profile="laptop", **own) == [
        "msm-mlx", "run", "own.yaml", "--set", "documents.count=9", "--seed", "0", "--seed", "1", "--seed", "2",
        "--profile", "laptop", "--run-dir", str(folder),
    ]  # fmt: skip


def test_with_enough_seeds_there_are_answers_to_look_at(tmp_path: Path) -> None:
    assert words(tmp_path / "run", seeds=[0, 1, 2]) == ["msm-mlx", "compare", str(tmp_path / "run")]


def test_what_nobody_trained_needs_no_seeds(tmp_path: Path) -> None:
    assert words(tmp_path / "run", seeds=[0], arms=("base",))[1] == "compare"


def test_a_training_that_went_wrong_is_run_again_as_it_was(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", seeds=[0], overrides=("sft.updates=3", "seeds=[0]"))
    run = RunFolder(folder)
    run.begin("sft sft-s0", {}, ())
    outcome = TrainingOutcome(updates=3, rows=8, held_out=False, problems=("Learned nothing: why.",))
    run.note("sft sft-s0", outcome=outcome.model_dump(mode="json"))
    step = next_step(open_run(folder))
    assert "--set sft.updates=3 --set 'seeds=[0]' --run-dir" in step.command
    assert step.purpose.startswith("once what the warnings name is changed")
