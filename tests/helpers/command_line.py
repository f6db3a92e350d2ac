"""The command line: in this process, which is quick, or as a process of its own, as a person runs it."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from msm_mlx.cli.main import main

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "recipes"
# as small as a run can be and still pass through every stage
SMALL = [
    "--seed", "0",
    "--set", "documents.count=12", "--set", "documents.batch_size=6", "--set", "documents.max_attempts_per_document=40",
    "--set", "midtrain.updates=8", "--set", "midtrain.batch_size=4", "--set", "midtrain.checkpoint_every=2",
    "--set", "sft.updates=6", "--set", "sft.batch_size=4", "--set", "sft.checkpoint_every=2", "--set", "sft.rows=24",
    "--set", "suites=[values_apart]", "--set", "evaluation.limit=44", "--set", "evaluation.max_tokens=12",
]  # fmt: skip
# for a run of many arms, about which no figure is asked
FEW_ITEMS = ["--set", "evaluation.limit=12"]
FEW_UPDATES = ["--set", "midtrain.updates=2", "--set", "sft.updates=2"]

Cli = Callable[..., subprocess.CompletedProcess[str]]


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "msm_mlx.cli.main", *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    return os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "HF_HUB_OFFLINE": "1"} | changes


def call(folder: Path, *arguments: str | Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run `msm-mlx` in this process, with `folder` as its working directory and nothing on stdin.

    Libraries have read their environment variables by now: what changes one of theirs takes `spawn`.
    """
    words = [str(argument) for argument in arguments]
    output, errors, code = io.StringIO(), io.StringIO(), 0
    with (
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, environment(**changes)),
        mock.patch.object(sys, "argv", ["msm-mlx", *words]),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO())),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(words, code, output.getvalue(), errors.getvalue())


def spawn(folder: Path, *arguments: str | Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run `msm-mlx` as a process of its own."""
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment(**changes), capture_output=True, text=True, timeout=600
    )
