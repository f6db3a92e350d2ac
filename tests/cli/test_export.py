"""`msm-mlx export` from end to end, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from helpers.command_line import Cli
from helpers.planted_runs import make_run
from helpers.tiny_models import save_tiny_model
from helpers.trained_runs import make_trained_run

SAY = "--format, --data: one is needed; add --data, or --format mlx, peft, fused, gguf, gguf-lora or inspect"


def test_an_arm_of_a_real_run_is_exported(finished_run: Path, cli: Cli, tmp_path: Path) -> None:
    done = cli("export", finished_run, "--arm", "msm+sft", "--format", "peft", "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["variant"] == "msm+sft-s0"
    assert outcome["difference"] < 1e-4 < outcome["effect"]
    assert "Read back, its logits differ from the run's by at most" in done.stderr
    again = cli("export", finished_run, "--arm", "msm+sft", "--format", "peft", "--out", tmp_path / "out")
    assert again.returncode == 2
    assert again.stderr.endswith("is there already; remove it, or choose another folder with --out\n")


@pytest.mark.slow
def test_a_model_goes_to_llama_cpp_and_ollama(cli: Cli, tmp_path: Path) -> None:
    base = save_tiny_model(tmp_path / "base", "llama")
    make_trained_run(tmp_path, str(base), base)
    done = cli("export", "cheese", "--arm", "msm+sft", "--format", "gguf", "--json")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["file"] == "cheese/export/msm+sft-s0-gguf/cheese-msm+sft-s0-F16.gguf"
    assert (tmp_path / outcome["file"]).read_bytes()[:4] == b"GGUF"
    assert outcome["difference"] < 0.1 < outcome["effect"]
    assert "its logits differ from the fused model's by at most" in done.stderr
    assert "Ollama:  ollama create cheese-msm-sft-s0 -f cheese/export/msm+sft-s0-gguf/Modelfile && " in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], SAY),
        (["--format", "mlx", "--data"], SAY),
        (
            ["--format", "mlx", "--base", "a/b"],
            "--base: only --format peft, fused and gguf and --data take it; leave it out",
        ),
        (["--format", "fused", "--outtype", "f16"], "--outtype: only --format gguf takes it; leave it out"),
        (["--format", "mlx"], "--arm: is missing; there are sft, msm, msm+sft"),
        (["--format", "mlx", "--arm", "base"], "run: has no trained arm base; there are sft, msm, msm+sft"),
        (["--format", "mlx", "--arm", "msm", "--seed", "4"], "run: has no seed 4; there are 0"),
    ],
)
def test_what_is_refused(arguments: list[str], message: str, cli: Cli, tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    done = cli("export", "run", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {message}\n")


@pytest.mark.parametrize("command", [["export", "--format", "mlx", "--arm", "sft"], ["push", "--repo", "me/x"]])
def test_a_folder_that_is_no_run(command: list[str], cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    done = cli(command[0], "other", *command[1:])
    assert done.returncode == 2
    assert done.stderr == "error: other: not a run folder; make one with `msm-mlx run RECIPE`\n"


def test_a_run_without_adapters(cli: Cli, tmp_path: Path) -> None:
    make_run(tmp_path / "run", adapters=False)
    done = cli("push", "run", "--repo", "me/x", "--dry-run")
    assert done.returncode == 2
    assert done.stderr == "error: run: has no trained arm yet; run the recipe's command again to go on\n"


def test_a_damaged_adapter(cli: Cli, tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    done = cli("export", "run", "--arm", "sft", "--format", "mlx")
    assert done.returncode == 1
    assert "adapters/sft-s0/adapters.safetensors: cannot be read" in done.stderr


def test_the_answers_of_all_variants_go_to_inspect(cli: Cli, tmp_path: Path) -> None:
    pytest.importorskip("inspect_ai", reason="needs the extra inspect")
    make_run(tmp_path / "run", seeds=(0, 1))
    done = cli("export", "run", "--format", "inspect", "--seed", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "4 logs are in run/evaluation. To read them:\n  inspect view --log-dir run/evaluation\n"
    variants = ("base", "sft-s1", "msm-s1", "msm+sft-s1")
    assert json.loads(done.stdout)["files"] == [
        f"run/evaluation/american_values_{variant}.eval" for variant in variants
    ]
    assert all((tmp_path / file).is_file() for file in json.loads(done.stdout)["files"])


def test_without_inspect_its_extra_is_named(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai", None)
    make_run(tmp_path / "run", texts=None, adapters=False)
    done = cli("export", "run", "--format", "inspect")
    assert (done.returncode, done.stdout) == (3, "")
    assert "install it with `pip install 'msm-mlx[inspect]'`" in done.stderr
    assert not (tmp_path / "run" / "evaluation").exists()
