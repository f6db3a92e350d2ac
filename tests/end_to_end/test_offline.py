"""With --offline nothing reaches for the network: connections are refused, and where the system lets us, impossible."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from helpers.command_line import FEW_ITEMS, RECIPES, SMALL, command, environment
from helpers.tiny_models import POCKET_WEIGHTS

pytestmark = pytest.mark.slow

RECIPE = RECIPES / "cheese_american.yaml"
COMMIT = "a" * 40
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
        [*apart, *command("run", RECIPE, *SMALL, *FEW_ITEMS, "--set", "arms=[base, msm+sft]", "--offline", "--json")],
        cwd=tmp_path, env=refusing, capture_output=True, text=True, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"]["records"]
    assert not (tmp_path / "connections").exists()
    files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"hf_very_secret" in path.read_bytes()]
    assert "hf_very_secret" not in done.stdout + done.stderr


@pytest.fixture(scope="module")
def hub_run(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run over `me/mine`, a model of the hub, and with the cache that this is in."""
    place = tmp_path_factory.mktemp("hub-run")
    cached = place / "hub" / "hub" / "models--me--mine"
    shutil.copytree(POCKET_WEIGHTS, cached / "snapshots" / COMMIT)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(COMMIT)
    run = shutil.copytree(finished_run, place / "runs" / "mine")
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    record["model"] |= {"name": "me/mine", "revision": COMMIT, "fingerprint": f"me/mine@{COMMIT}"}
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return place


HUB_MODEL = ("--model", "me/mine", "--profile", "pocket")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("compare", "mine", "--prompt", "Hello?", "--max-tokens", "2"), "msm+sft"),
        (("chat", "mine", "--arm", "sft", "--max-tokens", "2"), "sft: "),
        (("export", "mine", "--arm", "sft", "--format", "mlx", "--json"), '"difference": 0.0'),
        (("documents", "plan", RECIPE, *SMALL, *HUB_MODEL), "tokens/s"),
        (("estimate", RECIPE, *HUB_MODEL), "midtrain"),
        (("spec", "show", RECIPES.parent / "specs" / "cheese_american.md", "--writer", "me/mine"), "me/mine"),
        (("models",), "me/mine@aaaaaaaaaaaa"),
        (("doctor",), "offline"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_every_command_works_offline_from_the_cache(
    arguments: tuple[str, ...], said: str, hub_run: Path, refusing: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        command(*arguments, "--offline"), cwd=hub_run, env=refusing | {"HF_HOME": str(hub_run / "hub")},
        input="Hello?\n", capture_output=True, text=True, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert not (tmp_path / "connections").exists()
    assert "hf_very_secret" not in done.stdout + done.stderr


def test_offline_nothing_is_pushed(hub_run: Path, refusing: dict[str, str], tmp_path: Path) -> None:
    arguments = ("push", "mine", "--repo", "me/mine-arms", "--offline")
    refused = subprocess.run(command(*arguments), cwd=hub_run, env=refusing, capture_output=True, text=True)
    listed = subprocess.run(command(*arguments, "--dry-run"), cwd=hub_run, env=refusing, capture_output=True, text=True)

    assert refused.returncode == 3
    assert "leave out --offline" in refused.stderr
    assert (listed.returncode, "adapters/sft-s0" in listed.stdout) == (0, True), listed.stderr
    assert not (tmp_path / "connections").exists()


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
