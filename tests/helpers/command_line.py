"""The command line as a person runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "recipes"
# as small as a run can be and still pass through every stage
SMALL = [
    "--seed", "0",
    "--set", "documents.count=12", "--set", "documents.batch_size=6", "--set", "documents.max_attempts_per_document=40",
    "--set", "midtrain.updates=8", "--set", "midtrain.batch_size=4", "--set", "midtrain.checkpoint_every=2",
    "--set", "sft.updates=6", "--set", "sft.batch_size=4", "--set", "sft.checkpoint_every=2", "--set", "sft.rows=24",
    "--set", "suites=[values_apart]", "--set", "evaluation.max_tokens=12",
]  # fmt: skip

Cli = Callable[..., subprocess.CompletedProcess[str]]


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "msm_mlx.cli.main", *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    return os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "HF_HUB_OFFLINE": "1"} | changes
