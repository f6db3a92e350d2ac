"""Models and runs that tests share. A test that changes one takes a copy of its own."""

from __future__ import annotations

import fcntl
import gc
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from shutil import copytree

import hypothesis
import pytest
from helpers.command_line import Cli, call, spawn
from helpers.fake_hub import client, server  # noqa: F401  (fixtures)
from helpers.finished_runs import finish_run
from helpers.tiny_models import FAMILIES, POCKET_WEIGHTS, save_tiny_model

from msm_mlx.engine.loaded_model import LoadedModel, load_base

# how long an example takes says nothing here: other processes run beside the tests
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """What takes the finished run waits for its training. Files of slow tests come first, so that at the end no process
    of pytest-xdist has a long one left while the others have none."""
    for item in items:
        if "finished_run" in item.fixturenames:
            item.add_marker(pytest.mark.slow)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Look for garbage after larger steps: it took a quarter of the time of tests in this process."""
    gc.set_threshold(50_000, 20, 10)
    collect_and_freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    done = yield
    if nextitem is None or nextitem.path != item.path:
        collect_and_freeze()
    return done


def collect_and_freeze() -> None:
    """Look only once at what tests and libraries have made so far and keep. Models are released with a collection, and
    at the end of all tests each took most of a second."""
    gc.collect()
    gc.freeze()


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
def finished_run(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of a tiny, finished run of `cheese_american`, which all processes of pytest-xdist share; not to be
    changed: `own_run` is a copy to change."""
    temporary = tmp_path_factory.getbasetemp()
    shared = temporary if worker_id == "master" else temporary.parent
    run = shared / "finished" / "runs" / "cheese_american"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return run if (run / "report.html").exists() else finish_run(run)


@pytest.fixture
def own_run(finished_run: Path, tmp_path: Path) -> Path:
    """A copy of `finished_run`, to be changed at will."""
    return Path(copytree(finished_run, tmp_path / "runs" / finished_run.name))


@pytest.fixture
def lone_run(tmp_path: Path) -> Path:
    """The folder of a run to be, without neighbours that it could borrow from."""
    return tmp_path / "alone" / "run"


@pytest.fixture
def tiny(tiny_model_folder: Callable[[str], Path]) -> LoadedModel:
    """A tiny Llama, to be changed at will."""
    return load_base(tiny_model_folder("llama"))


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs `msm-mlx` in a folder of the test's own, in this process, and returns what it printed."""
    return partial(call, tmp_path)


@pytest.fixture
def shell(tmp_path: Path) -> Cli:
    """Like `cli`, as a process of its own."""
    return partial(spawn, tmp_path)
