"""The commands of the second hour, as a shell sees them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from helpers.command_line import Cli, command, environment
from helpers.lookalike_models import save_lookalike

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path, finished_run: Path) -> Path:
    """A folder with the finished run `cheese_american`."""
    shutil.copytree(finished_run, tmp_path / "runs" / "cheese_american")
    return tmp_path


def test_validate_as_json_tells_all_recipes(cli: Cli, tmp_path: Path) -> None:
    assert cli("init", "mine").returncode == 0
    (tmp_path / "bad.yaml").write_text("name: Bad name\n", encoding="utf-8")

    done = cli("validate", "mine", "bad.yaml", "gone.yaml", "--json")

    first, second, third = json.loads(done.stdout)
    assert done.returncode == 2
    assert first == {"recipe": "mine", "problems": [], "notes": []}
    assert len(second["problems"]) > 5
    assert "no such file" in third["problems"][0]


def test_init_with_three_lines_edited_plans_what_they_say(cli: Cli, tmp_path: Path) -> None:
    cli("init", "mine")
    recipe = tmp_path / "mine" / "recipe.yaml"
    text = recipe.read_text(encoding="utf-8")
    for old, new in (("seeds: [0, 1, 2]", "seeds: [7]"), ("count: 180", "count: 9"), ("[base, sft,", "[base,")):
        assert old in text
        text = text.replace(old, new, 1)
    recipe.write_text(text, encoding="utf-8")

    stages = json.loads(cli("run", "mine", "--dry-run", "--json").stdout)["stages"]

    assert "midtrain msm-s7" in [stage["stage"] for stage in stages]
    assert not any(stage["stage"].startswith("sft sft") for stage in stages)
    assert stages[0]["amount"] == 9


def test_runs_in_a_shell(cli: Cli, home: Path) -> None:
    (run,) = json.loads(cli("runs", "list", "--json").stdout)
    assert (run["state"], run["recipe"], run["model"]) == ("finished", "cheese_american", "pocket")
    assert run["disk"] > 1_000_000
    assert cli("runs", "path", "latest").stdout.strip() == str((home / "runs" / "cheese_american").resolve())
    assert "midtrain msm, seed 0" in cli("runs", "show", "cheese_american").stdout
    assert "No difference" in cli("runs", "diff", "latest", "cheese_american").stdout
    assert "values_apart" in cli("compare", "latest", "--plain", "--limit", "1").stdout
    assert cli("runs", "rm", "latest", "--yes").returncode == 0
    assert not any((home / "runs").iterdir())


def test_an_interrupted_run_goes_on_with_the_command_that_is_shown(cli: Cli, home: Path) -> None:
    record = home / "runs" / "cheese_american" / "run.json"
    content = json.loads(record.read_text(encoding="utf-8"))
    del content["stages"]["results"]
    record.write_text(json.dumps(content), encoding="utf-8")

    (run,) = json.loads(cli("runs", "list", "--json").stdout)
    assert run["state"] == "unfinished"
    (home / "runs" / "cheese_american" / "evaluation" / "results.json").unlink()
    (home / "runs" / "cheese_american" / "evaluation" / "answers.jsonl").unlink()
    done = subprocess.run(
        f"{' '.join(command())} {run['next'].removeprefix('msm-mlx ')}",
        shell=True, cwd=home, env=environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "evaluate base: not run again" in done.stderr
    assert json.loads(cli("runs", "list", "--json").stdout)[0]["state"] == "finished"


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("run ch", {"cheese_american", "cheese_contrast"}),
        ("validate spec", {"spec_science"}),
        ("compare la", {"latest"}),
        ("runs show ch", {"cheese_american"}),
        ("chat cheese_american --arm ms", {"msm", "msm+sft"}),
        ("compare cheese_american --arm s", {"sft"}),
        ("init --from ag", {"agentic_misalignment"}),
    ],
)
def test_completion(words: str, offered: set[str], home: Path) -> None:
    variables = {"_MSM_MLX_COMPLETE": "bash_complete", "COMP_WORDS": f"msm-mlx {words}"}
    variables["COMP_CWORD"] = str(len(words.split()))
    done = subprocess.run(command(), cwd=home, env=environment(**variables), capture_output=True, text=True, timeout=60)

    assert offered <= {line.partition(",")[2] for line in done.stdout.splitlines()}, done.stderr


def test_models_of_the_cache_and_of_folders(shell: Cli, tmp_path: Path) -> None:
    save_lookalike(tmp_path / "models" / "small", "qwen3", chat=True, bits=4)
    save_lookalike(tmp_path / "models" / "broken", "llama", chat=True, bits=None)
    os.truncate(tmp_path / "models" / "broken" / "model.safetensors", 100)
    snapshot = tmp_path / "hub" / "hub" / "models--me--mine" / "snapshots" / ("a" * 40)
    shutil.copytree(tmp_path / "models" / "small", snapshot)

    done = shell("models", "--json", HF_HOME=str(tmp_path / "hub"))

    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    models = {model["name"]: model for model in content["models"]}
    assert list(models) == ["pocket", "models/broken", "models/small", "me/mine@aaaaaaaaaaaa"]
    assert models["models/small"]["fits"] == {"writing": True, "midtraining": True, "comparing": True}
    assert "damaged or truncated" in models["models/broken"]["problem"]
    assert [entry["gigabytes"] for entry in content["recommended"]][:3] == [8, 16, 24]
    assert "models/small" in shell("models", HF_HOME=str(tmp_path / "hub")).stdout
