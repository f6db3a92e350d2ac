"""Runs are found, described, compared and removed by what is in their folders."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import pytest
from helpers.planted_runs import make_run

from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import RECORD
from msm_mlx.runs.results import read_results, write_results
from msm_mlx.runs.workspace import differences, find_run, list_runs, load_resolved, remove_run, summarise
from msm_mlx.settings_file.dump import dump
from msm_mlx.settings_file.load import load_values


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two runs, `old` and the younger `new`, beside a folder that is none."""
    home = tmp_path / "runs"
    for age, name in ((1000, "old"), (0, "new")):
        record = make_run(home / name) / RECORD
        os.utime(record, (record.stat().st_mtime - age,) * 2)
    (home / "notes").mkdir()
    return home


def test_the_last_changed_comes_first(home: Path) -> None:
    assert [run.path.name for run in list_runs(home)] == ["new", "old"]
    assert list_runs(home / "nowhere") == []


def test_a_run_by_path_by_name_and_the_latest(home: Path, tmp_path: Path) -> None:
    assert find_run("latest", home) == home / "new"
    assert find_run("old", home) == home / "old"
    assert find_run(str(home / "old"), home) == home / "old"
    with pytest.raises(RecipeError, match="did you mean old"):
        find_run("odl", home)
    with pytest.raises(RecipeError, match="no run in"):
        find_run("latest", tmp_path / "empty")


def test_states(home: Path) -> None:
    folder = home / "new"
    assert summarise(folder).state == "unfinished"
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    record["stages"]["results"] = {"key": "k", "inputs": {}, "state": "done", "outputs": {}, "finished": "now"}
    (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
    assert summarise(folder).state == "finished"
    with RunFolder(folder).lock():
        assert summarise(folder).state == "running"
    (folder / RECORD).write_text("{", encoding="utf-8")
    assert summarise(folder).state == "damaged"
    assert "damaged" in json.dumps(summarise(folder).plain())


def test_an_unfinished_run_says_how_to_go_on(home: Path) -> None:
    recipe = load_values(home / "new" / "recipe.yaml")
    recipe |= {"path": "/my recipes/a.yaml", "overrides": ["sft.rows=9", "model=some/folder"], "profile": "laptop"}
    (home / "new" / "recipe.yaml").write_text(dump(recipe), encoding="utf-8")

    command = summarise(home / "new").next

    assert command.startswith("msm-mlx run '/my recipes/a.yaml' --set sft.rows=9 --set model=some/folder")
    assert command.endswith(f"--profile laptop --run-dir {home / 'new'}")


def test_differences_are_of_settings_and_results(home: Path) -> None:
    assert differences(home / "new", home / "new") == []
    recipe = load_values(home / "new" / "recipe.yaml")
    settings = {"settings": {"sft": {"rows": 9}}}
    (home / "new" / "recipe.yaml").write_text(dump(recipe | settings), encoding="utf-8")
    results = read_results(home / "new")
    changed = [row.model_copy(update={"value": 0.5}) if row.arm == "sft" else row for row in results.pooled]
    write_results(home / "new", results.model_copy(update={"pooled": changed}))

    found = {key: values for key, *values in differences(home / "old", home / "new")}

    assert found["settings.sft.rows"] == [120, 9]
    assert found["results: american_values, sft, choice"] == [1.0, 0.5]


def test_only_a_run_that_nobody_works_in_is_removed(home: Path, tmp_path: Path) -> None:
    for other in (home / "notes", tmp_path / "missing"):
        with pytest.raises(RecipeError, match="not a run folder"):
            remove_run(other)
    link = tmp_path / "link"
    link.symlink_to(home / "old")
    with pytest.raises(RecipeError, match="not a run folder"):
        remove_run(link)
    with RunFolder(home / "old").lock(), pytest.raises(MsmError, match="in use"):
        remove_run(home / "old")

    remove_run(home / "old")
    assert sorted(path.name for path in home.iterdir()) == ["new", "notes"]


def test_a_recipe_that_would_grow_without_end_is_not_read(home: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}]\n" for a, b in pairwise("abcdefghijk")
    )
    (home / "new" / "recipe.yaml").write_text(bomb, encoding="utf-8")

    assert summarise(home / "new").next == ""
    assert differences(home / "new", home / "new") == []


@pytest.mark.slow
@pytest.mark.parametrize("text", ["[" * 5000, "a: &x 1\nb: *x\n", "- 1\n", "a: !!python/object:os.system {}\n"])
def test_a_hostile_copy_of_a_recipe_is_told_by_every_reader(text: str, tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    (folder / "recipe.yaml").write_text(text)
    for read in (load_resolved, open_run):
        with pytest.raises(RecipeError, match="run: its copy of the recipe is damaged"):
            read(folder)


def test_what_an_interrupted_removal_has_left_is_no_hindrance(home: Path) -> None:
    left_over = home / ".new.removed"
    left_over.mkdir()
    (left_over / "big.bin").write_bytes(b"0" * 100)
    remove_run(home / "new")
    assert not (home / "new").exists()
    assert not left_over.exists()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("adapter_config.json", "holds an adapter and no run"),
        ("config.json", "holds a model and no run"),
        ("notes.txt", "not a run folder"),
    ],
)
def test_a_folder_that_is_no_run_is_told_for_what_it_is(tmp_path: Path, file: str, words: str) -> None:
    (tmp_path / file).touch()
    with pytest.raises(RecipeError, match=words):
        open_run(tmp_path)
