"""Bad input gets one clear error, the right exit code and no traceback, and nothing is lost."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from helpers.command_line import FEW_ITEMS, FEW_UPDATES, RECIPES, SMALL, Cli, command, environment

from msm_mlx.files import read_jsonl

pytestmark = pytest.mark.slow

RECIPE = RECIPES / "cheese_american.yaml"
ONE_ARM = ("--set", "arms=[msm+sft]", *FEW_ITEMS, *FEW_UPDATES)


def assert_one_error(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("error:") == 1
    for word in words:
        assert word in done.stderr


def test_five_mistakes_give_five_lines(cli: Cli, tmp_path: Path) -> None:
    text = RECIPE.read_text(encoding="utf-8")
    for right, wrong in (
        ("../specs/cheese_american.md", "../specs/cheese_martian.md"),
        ("suites: [values_apart", "suites: [values_appart"),
        ("arms: [base", "arms: [bass"),
        ("learning_rate: 2e-3", "learning_rat: 2e-3"),
        ("count: 180", "count: many"),
    ):
        assert right in text
        text = text.replace(right, wrong, 1)
    shutil.copytree(RECIPES / "data", tmp_path / "data")
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")

    done = cli("run", "bad.yaml")

    assert_one_error(done, 2)
    lines = [line for line in done.stderr.splitlines() if "bad.yaml:" in line]
    assert len(lines) == 5
    places = [line.removeprefix("error: ").split("bad.yaml:")[1].split(" ")[0].split(":") for line in lines]
    assert all(line.isdigit() and column.isdigit() for line, column, *_ in places)
    assert not (tmp_path / "runs").exists()


def test_unknown_recipe_names_those_there_are(cli: Cli) -> None:
    assert_one_error(cli("run", "no_such_recipe.yaml"), 2, "no_such_recipe.yaml", "cheese_american")


def test_missing_spec(cli: Cli) -> None:
    assert_one_error(cli("run", RECIPE, "--set", "spec=gone.md"), 2, "gone.md", "no such file")


def test_unreadable_model_folder(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{", encoding="utf-8")

    assert_one_error(cli("run", RECIPE, "--model", tmp_path / "model"), 3, "config.json")


def test_model_that_is_nowhere_names_pocket_as_the_way_out(shell: Cli, tmp_path: Path) -> None:
    done = shell("run", RECIPE, "--model", "mlx-community/Qwen3-8B-4bit", HF_HOME=str(tmp_path / "hub"))

    assert_one_error(done, 3, "mlx-community/Qwen3-8B-4bit", "--model pocket")


def test_run_folder_that_cannot_be_made(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    assert_one_error(cli("run", RECIPE, "--run-dir", "file/run"), 3, "file/run", "--run-dir")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"


def test_stage_without_what_it_reads(cli: Cli) -> None:
    assert_one_error(cli("midtrain", RECIPE), 1, "documents.jsonl")


def test_folder_that_is_no_run(cli: Cli, tmp_path: Path) -> None:
    assert_one_error(cli("compare", tmp_path), 2, str(tmp_path), "not a run folder")


def test_second_run_in_the_same_folder(cli: Cli, tmp_path: Path) -> None:
    """The second one fails at once and the first one ends well."""
    folder = tmp_path / "run"
    first = subprocess.Popen(
        command("run", RECIPE, *SMALL, *ONE_ARM, "--run-dir", folder, "--quiet"),
        env=environment(), stderr=subprocess.PIPE,
    )  # fmt: skip
    while not (folder / "run.json").exists():
        assert first.poll() is None
        time.sleep(0.05)

    second = cli("run", RECIPE, *SMALL, *ONE_ARM, "--run-dir", folder)

    assert_one_error(second, 1, "in use", str(first.pid))
    assert first.communicate(timeout=300)[1] == b""
    assert first.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A file system of 600 kB, where the machine lets us have one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("no right to mount a small file system")
    return folder


def test_read_only_run_folder(cli: Cli, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    try:
        assert_one_error(cli("run", RECIPE, "--run-dir", small_disk / "run"), 3, "read-only", "--run-dir")
    finally:
        subprocess.run(["umount", small_disk], check=True)


def test_full_disk(cli: Cli, small_disk: Path) -> None:
    """One error that says so; with room again the same command goes on from what was done before."""
    ballast, run = small_disk / "ballast", small_disk / "run"
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - 32_000))
    writing = ("documents", "write", RECIPE, *SMALL, "--run-dir", run)
    try:
        assert_one_error(cli(*writing), 3, "disk is full")
        ballast.unlink()
        again = cli(*writing)
        assert again.returncode == 0, again.stderr
        assert len(read_jsonl(run / "documents" / "documents.jsonl")) == 12
        assert_one_error(cli("run", RECIPE, *SMALL, "--run-dir", run), 3, "adapters", "are free")
    finally:
        subprocess.run(["umount", small_disk], check=True)
