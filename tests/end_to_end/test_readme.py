"""What README and docs tell people to type works: what can be run is run here, what takes long on a small scale."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command_line import ROOT, call, environment
from helpers.documented import DOCS, PAGES, README, block_lines, blocks, inline_commands, is_complete, read
from helpers.fuzz import SMALL, run_command

from msm_mlx.files import write_jsonl
from msm_mlx.models.hub import human_size
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.recipe.load import load_recipe
from msm_mlx.recipe.scaffold import create_experiment
from msm_mlx.resources.model_choice import recommendations
from msm_mlx.suites.load import SUITES

pytestmark = pytest.mark.slow

ELSEWHERE = {  # lines of blocks, by what they begin with or hold, that are not run here
    "sh .ci/openblas;": ".ci/run, which CI runs in a fresh environment",
    "sh .ci/check": "CI itself",
    ".venv/bin/mkdocs build": "tests/end_to_end/test_site.py",
    ".venv/bin/python -m mlx_lm generate": "tests/end_to_end/test_run.py",
    "export MSM_MLX_SCREEN_READER=1": "tests/cli/test_every_terminal.py, in the environment of each command",
    "cuda12": "nothing: it takes an NVIDIA card",
    "mlx-cuda-12": "nothing: it takes an NVIDIA card",
    "mlx.distributed_config": "nothing: it takes two Macs",
    "mlx.launch": "tests/end_to_end/test_ranks.py, with two processes on one machine",
    "mlx-community/": "tests/end_to_end/test_hub_model.py, with a hub of its own; tests/test_documented_commands.py "
    "parses the line",
    "run dose_curve": "tests/end_to_end/test_grid.py, with a grid of its own",
    "run recipes/cheese_real.yaml": "benchmarks/real_model.sh; it takes hours",
}


SHORTER = {"run": SMALL, "estimate": SMALL[:-1], "evaluate": ("--set", "evaluation.limit=4")}


def is_run_elsewhere(line: str) -> bool:
    return any(words in line for words in ELSEWHERE)


def lines_to_run() -> list[str]:
    """All that can be typed as it stands, page by page, the tutorial's before the others of its experiment."""
    first = [README, DOCS / "tutorial.md"]
    pages = [*first, *(page for page in PAGES if page not in first)]
    typed = [line for page in pages for line in block_lines(read(page)) if line.startswith("msm-mlx ")]
    named = [line for line in inline_commands(read(README)) if is_complete(line)]
    lines = [line for line in dict.fromkeys([*typed, *named]) if not is_run_elsewhere(line)]
    return sorted(lines, key=lambda line: "runs rm" in line)  # what is removed is used before


def execute(words: tuple[str, ...], workspace: Path) -> tuple[int, str]:
    """Runs take longer than what else may be typed, and end by themselves."""
    if words[0] != "run":
        return run_command(words, workspace)
    done = call(workspace, *words)
    return done.returncode, done.stderr


@pytest.mark.parametrize("line", sorted({line for page in PAGES for line in block_lines(read(page))}))
def test_every_line_of_a_block_is_run_somewhere(line: str) -> None:
    is_ours = line.startswith("msm-mlx ") and is_complete(line)

    assert is_ours or is_run_elsewhere(line), "add it to what this file runs, or say where it is run"


def test_the_lines_in_order(tmp_path: Path, finished_run: Path) -> None:
    workspace = tmp_path / "clone"
    for name in ("recipes", "specs"):
        shutil.copytree(ROOT / name, workspace / name)
    shutil.copytree(finished_run, workspace / "runs" / "cheese_american")
    lines = lines_to_run()
    assert len(lines) >= 30

    for line in lines:
        words = shlex.split(line)[1:]
        small = SHORTER.get(words[0], ())
        code, output = execute((*words, *small), workspace)
        assert code == 0, f"{line}: {output}"

    assert (workspace / "runs" / "my_values" / "evaluation" / "results.json").is_file()
    assert not (workspace / "runs" / "my_values-again").exists(), "`runs rm` is among the lines"


def test_the_python_does_what_it_says(tmp_path: Path) -> None:
    [program] = [code for code in blocks(read(DOCS / "python.md"), "python") if "ScriptedModel" in code]
    for name in ("recipes", "specs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60
    )
    assert done.stdout == program.rstrip().rpartition("# ")[2] + "\n", done.stderr


def test_the_recipe_of_arms_and_stages_is_one(tmp_path: Path) -> None:
    """Each stage that an arm has is trained, and what arms share once."""
    [snippet] = [code for code in blocks(read(DOCS / "recipes.md"), "yaml") if "sft+after" in code]
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


def test_the_table_of_models_is_what_the_command_says() -> None:
    page = read(DOCS / "models.md")
    for entry in recommendations():
        assert entry.model is not None
        assert entry.needs is not None
        sizes = (entry.needs.writing, entry.needs.midtraining, entry.needs.comparing)
        assert f"| {entry.gigabytes} GB | {entry.model} | {' | '.join(map(human_size, sizes))} |" in page


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
    assert f"`{line}`" in read(DOCS / "commands.md")
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    done = subprocess.run(
        [shell, "-c", f"{line}; {what_completes}"],
        env=environment(PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}", HOME=str(tmp_path)),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "_msm_mlx_completion" in done.stdout, done.stderr
