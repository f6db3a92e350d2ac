"""With --offline nothing reaches for the network: connections are refused, and where the system lets us, impossible."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from running import RECIPES, SMALL, command, environment

RECIPE = RECIPES / "cheese_american.yaml"
REFUSE = """
import socket
def refuse(*_, **__):
    open({log!r}, "a").write("a connection\\n")
    raise OSError("no network in this test")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
"""


@pytest.fixture
def refusing(tmp_path: Path) -> dict[str, str]:
    """An environment in which every process of Python refuses to connect, and notes that it was asked to."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(REFUSE.format(log=str(tmp_path / "connections")))
    changes = {"PYTHONPATH": str(tmp_path / "site"), "HF_HOME": str(tmp_path / "hub"), "HF_TOKEN": "hf_very_secret"}
    variables = environment(**changes)
    del variables["HF_HUB_OFFLINE"]
    return variables


@pytest.fixture(scope="module")
def apart() -> list[str]:
    """What runs a command in a network without any route, where the system lets us; else nothing."""
    prefix = ["unshare", "-rn"]
    allowed = shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    return prefix if allowed else []


def test_an_offline_run_connects_to_nobody_and_writes_no_token(
    tmp_path: Path, refusing: dict[str, str], apart: list[str]
) -> None:
    done = subprocess.run(
        [*apart, *command("run", RECIPE, *SMALL, "--offline", "--json")],
        cwd=tmp_path, env=refusing, capture_output=True, text=True, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"]["records"]
    assert not (tmp_path / "connections").exists()
    files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"hf_very_secret" in path.read_bytes()]
    assert "hf_very_secret" not in done.stdout + done.stderr


@pytest.mark.parametrize("offline", [True, False])
def test_a_hub_model_that_is_out_of_reach_fails_soon_with_the_remedy(
    offline: bool, tmp_path: Path, refusing: dict[str, str], apart: list[str]
) -> None:
    if not offline and not apart:
        pytest.skip("no right to make a network without routes")
    if not offline:
        del refusing["PYTHONPATH"]
    started = time.monotonic()
    done = subprocess.run(
        [*apart, *command("run", RECIPE, *["--offline"][:offline], "--model", "mlx-community/Qwen3-8B-4bit")],
        cwd=tmp_path, env=refusing, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert (done.returncode, done.stderr.count("error:")) == (3, 1), done.stderr
    assert "run this with a connection, or use --model pocket" in done.stderr
    assert not (tmp_path / "connections").exists()
    assert time.monotonic() - started < 15  # it takes less than a second; with the client's retries it would take 23
