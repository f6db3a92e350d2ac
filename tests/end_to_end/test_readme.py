"""What the README tells people to type works: every command in it is run here, what takes long on a small scale."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command_line import ROOT, command, environment
from helpers.fuzz import SMALL, run_command

from msm_mlx.cli.main import COMMANDS
from msm_mlx.files import write_jsonl
from msm_mlx.models.hub import human_size
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.recipe.load import load_recipe
from msm_mlx.recipe.scaffold import create_experiment
from msm_mlx.resources.model_choice import recommendations
from msm_mlx.suites.load import SUITES

pytestmark = pytest.mark.slow

README = (ROOT / "README.md").read_text(encoding="utf-8")
ELSEWHERE = {  # lines of blocks, by their first words, that other tests or CI itself run
    "sh .ci/openblas;": ".ci/run, which CI runs in a fresh environment",
    ".venv/bin/python -m mlx_lm generate": "tests/end_to_end/test_run.py",
    "mlx.distributed_config": "nothing: it takes two Macs",
    "mlx.launch": "tests/end_to_end/test_ranks.py, with two processes on one machine",
}


def block_lines() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def commands() -> list[str]:
    """All of `msm-mlx` that are written out, in the order of the page; a word in capitals stands for another."""
    inline = re.findall(r"`(msm-mlx [^`\n]+)`", README)
    found = [line for line in block_lines() if line.startswith("msm-mlx ")]
    found += [text for text in inline if not re.search(r"\b[A-Z]{3,}\b|…", text)]
    return list(dict.fromkeys(found))


def execute(words: tuple[str, ...], workspace: Path) -> tuple[int, str]:
    """In this process, but for runs: here mlx was imported before the fast BLAS could be."""
    if words[0] != "run":
        return run_command(words, workspace)
    done = subprocess.run(
        command(*words), cwd=workspace, env=environment(), capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("line", block_lines())
def test_every_line_of_a_block_is_run_somewhere(line: str) -> None:
    assert line.startswith(("msm-mlx ", *ELSEWHERE)), "add it to what this file runs, or say where it is run"


def test_the_lines_in_order(tmp_path: Path, finished_run: Path) -> None:
    workspace = tmp_path / "clone"
    for name in ("recipes", "specs"):
        shutil.copytree(ROOT / name, workspace / name)
    shutil.copytree(finished_run, workspace / "runs" / "cheese_american")
    lines = commands()
    assert len(lines) >= 12

    for line in lines:
        words = shlex.split(line)[1:]
        small = {"run": SMALL, "estimate": SMALL[:-1]}.get(words[0], ())
        code, said = execute((*words, *small), workspace)
        only_named = line not in block_lines() and "Usage:" in said
        assert code == 0 or only_named, f"{line}: {said}"

    assert (workspace / "runs" / "my_values" / "evaluation" / "results.json").is_file()
    assert not (workspace / "runs" / "my_values-again").exists(), "`runs rm` is among the lines"


def test_the_python_does_what_it_says(tmp_path: Path) -> None:
    [program] = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    for name in ("recipes", "specs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60
    )
    assert done.stdout == program.rstrip().rpartition("# ")[2] + "\n", done.stderr


def test_the_recipe_of_arms_and_stages_is_one(tmp_path: Path) -> None:
    """Each stage that an arm has is trained, and what arms share once."""
    [snippet] = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    chat = {"messages": [{"role": "user", "content": "Tea?"}, {"role": "assistant", "content": "Yes."}]}
    for name in ("general", "after"):
        write_jsonl(tmp_path / f"{name}.jsonl", [chat])
    path = create_experiment("mine", "cheese_american", tmp_path) / "recipe.yaml"
    text = re.sub(r"(?m)^arms:.*\n", snippet, path.read_text(encoding="utf-8"))
    for name in ("general", "after"):
        text = text.replace(f"{name}.jsonl", f"../{name}.jsonl")
    path.write_text(text, encoding="utf-8")

    recipe = load_recipe(path, seeds=[0], known_suites=SUITES, allow_outside=True)
    trained = [stage.variant.arm for stage in plan_run(recipe).of(Training)]

    assert sorted(trained) == sorted({*recipe.arms} - {"base"})
    assert recipe.training_settings("after").updates == 30


def test_every_command_is_told_of() -> None:
    told = set(re.findall(r"`(?:msm-mlx )?([a-z]+)[ `]", README))

    assert COMMANDS.keys() <= told


def test_the_table_of_models_is_what_the_command_says() -> None:
    for entry in recommendations():
        assert entry.model is not None
        assert entry.needs is not None
        sizes = (entry.needs.writing, entry.needs.midtraining, entry.needs.comparing)
        assert f"| {entry.gigabytes} GB | {entry.model} | {' | '.join(map(human_size, sizes))} |" in README


@pytest.mark.parametrize(
    ("shell", "line", "what_completes"),
    [
        ("bash", 'eval "$(_MSM_MLX_COMPLETE=bash_source msm-mlx)"', "complete -p msm-mlx"),
        (
            "zsh",
            'autoload -Uz compinit && compinit; eval "$(_MSM_MLX_COMPLETE=zsh_source msm-mlx)"',
            "print $_comps[msm-mlx]",
        ),
        ("fish", "_MSM_MLX_COMPLETE=fish_source msm-mlx | source", "complete -c msm-mlx"),
    ],
)
def test_the_lines_that_turn_completion_on(shell: str, line: str, what_completes: str, tmp_path: Path) -> None:
    assert f"`{line}`" in README
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    done = subprocess.run(
        [shell, "-c", f"{line}; {what_completes}"],
        env=environment(PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}", HOME=str(tmp_path)),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "_msm_mlx_completion" in done.stdout, done.stderr
