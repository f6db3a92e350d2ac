"""Fixtures for the command line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from helpers.command_line import RECIPES, SMALL, command, environment


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a small, finished run of `cheese_american`. Tests must not change it."""
    folder = tmp_path_factory.mktemp("small") / "runs" / "cheese_american"
    done = subprocess.run(
        command("run", RECIPES / "cheese_american.yaml", *SMALL, "--run-dir", folder, "--quiet"),
        env=environment(), capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder
