"""Models that tests share. A test that changes one takes a copy of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from helpers.command_line import Cli, command, environment
from helpers.fake_hub import client, server  # noqa: F401  (fixtures)
from helpers.finished_runs import finish_run
from helpers.tiny_models import FAMILIES, POCKET_WEIGHTS, save_tiny_model

from msm_mlx.engine.loaded_model import LoadedModel, load_base


@pytest.fixture(scope="session")
def pocket() -> LoadedModel:
    """The embedded model; not to be changed."""
    return load_base(POCKET_WEIGHTS)


@pytest.fixture
def fresh_pocket() -> LoadedModel:
    return load_base(POCKET_WEIGHTS)


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model of a family of `FAMILIES`."""
    root = tmp_path_factory.mktemp("models")
    folders = {family: save_tiny_model(root / family, family) for family in FAMILIES}
    return folders.__getitem__


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny, finished run of `cheese_american`; not to be changed: `own_run` is a copy to change."""
    return finish_run(tmp_path_factory.mktemp("finished") / "runs" / "cheese_american")


@pytest.fixture
def own_run(finished_run: Path, tmp_path: Path) -> Path:
    """A copy of `finished_run`, to be changed at will."""
    return Path(copytree(finished_run, tmp_path / "runs" / finished_run.name))


@pytest.fixture
def tiny(tiny_model_folder: Callable[[str], Path]) -> LoadedModel:
    """A tiny Llama, to be changed at will."""
    return load_base(tiny_model_folder("llama"))


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs `msm-mlx` in a folder of its own and returns what it printed."""

    def run(*arguments: str | Path, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), cwd=tmp_path, env=environment(**changes), capture_output=True, text=True, timeout=600
        )

    return run
