"""`msm-mlx estimate`, and `run` where memory does not suffice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.command_line import RECIPES, Cli
from helpers.tiny_models import POCKET_WEIGHTS

RECIPE = RECIPES / "cheese_american.yaml"
HUGE = {
    "model_type": "llama", "hidden_size": 16384, "num_hidden_layers": 200, "num_attention_heads": 128,
    "intermediate_size": 53248, "vocab_size": 128_256,
}  # fmt: skip


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    """A model that no machine holds; its weights are not there, and not needed for an estimate."""
    folder = tmp_path / "huge"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(HUGE))
    return folder


def test_it_says_what_every_stage_takes(cli: Cli) -> None:
    done = cli("estimate", RECIPE)
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in ("documents", "midtrain", "sft", "evaluate", "activations", "can spare"))


@pytest.mark.slow
def test_a_probe_measures_what_was_estimated(cli: Cli) -> None:
    outcome = json.loads(cli("estimate", RECIPE, "--probe", "--json").stdout)
    stages = {stage["stage"]: stage for stage in outcome["stages"]}
    assert outcome["basis"] == "fitted on Linux" or outcome["machine"]["metal"]
    for kind in ("midtrain", "sft"):
        measured = stages[kind]["measured"]["peak_bytes"]
        assert stages[kind]["memory_bytes"]["total"] == pytest.approx(measured, rel=0.15)


def test_what_does_not_fit_is_an_error_that_says_what_to_do(cli: Cli, huge: Path) -> None:
    done = cli("estimate", RECIPE, "--model", huge)
    assert done.returncode == 3
    assert "choose a smaller model" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_rows_that_the_model_cannot_learn_are_told(cli: Cli) -> None:
    short, other = ["--set", "sft.max_length=16"], ["--model", POCKET_WEIGHTS, "--profile", "pocket"]
    for command, *options in (["estimate"], ["estimate", *other], ["validate", *other]):
        done = cli(command, RECIPE, *options, *short)
        assert done.returncode == 2
        assert "cheese_preferences.yaml: 120 of its demonstrations cannot be learned" in done.stderr


def test_a_config_that_is_not_there_is_one_error(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = cli("estimate", RECIPE, "--model", tmp_path / "empty")
    assert done.returncode == 3
    assert "holds no config.json" in done.stderr


def test_run_refuses_what_does_not_fit_unless_told_otherwise(cli: Cli) -> None:
    long = ["--set", "midtrain.max_length=200000", "--set", "midtrain.batch_size=64", "--run-dir", "run"]
    refused = cli("midtrain", RECIPE, *long)
    tried = cli("midtrain", RECIPE, *long, "--any-memory")
    assert refused.returncode == 3
    assert "training will not fit" in refused.stderr
    assert "--set midtrain.max_length=" in refused.stderr
    assert "training will not fit" not in tried.stderr
