"""Where ready-made documents come from, as a recipe says it: one source for each spec, in the workspace, in the key."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from helpers.command_line import ROOT, SMALL, Cli
from helpers.fake_hub import cache_data_set
from helpers.ready_documents import good, write

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl
from msm_mlx.pipeline.plan import Fingerprints, plan_run
from msm_mlx.pipeline.preflight import inspect_recipe
from msm_mlx.pipeline.stage import Stage
from msm_mlx.pipeline.stages.ready_documents import ReadyDocuments
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.runs.finished import open_run
from msm_mlx.suites.load import SUITES

BASE = Fingerprints("base")

ARMS = "arms=[base, sft, msm+sft]"
FROM = "documents.from=mine.jsonl"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with a source of documents among its recipes."""
    for name in ("recipes", "specs"):
        shutil.copytree(ROOT / name, tmp_path / "clone" / name)
    monkeypatch.chdir(tmp_path / "clone")
    write(tmp_path / "clone" / "recipes" / "mine.jsonl", *(good(n).replace("Mo ", "Pocket ") for n in range(30)))
    return tmp_path / "clone"


def recipe(home: Path, *overrides: str, name: str = "cheese_american") -> Recipe:
    return load_recipe(home / "recipes" / f"{name}.yaml", overrides=(ARMS, *overrides), known_suites=SUITES)


def documents(one: Recipe) -> list[Stage]:
    return [stage for stage in plan_run(one, BASE).stages if stage.kind in ("plan", "documents")]


def put(home: Path, line: str) -> Path:
    """The line in the pocket profile's documents of the recipe."""
    path = home / "recipes" / "cheese_american.yaml"
    text = path.read_text()
    assert "    documents:\n" in text or "documents: {" in text
    one = text.replace("documents: {", f"documents: {{{line}, ", 1)
    path.write_text(one if one != text else text.replace("    documents:\n", f"    documents:\n      {line}\n", 1))
    return path


def test_ready_documents_need_neither_plan_nor_writer(home: Path) -> None:
    [stage] = documents(recipe(home, FROM))
    assert isinstance(stage, ReadyDocuments)
    assert (stage.id, stage.reads, stage.source) == (
        "documents cheese_american", (), str((home / "recipes" / "mine.jsonl").resolve()),
    )  # fmt: skip
    changed = recipe(home, FROM, "documents.temperature=0.5", "documents.types=[memo]")
    assert documents(changed)[0].key == stage.key


def test_the_content_is_a_part_of_the_key_and_the_name_is_not(home: Path) -> None:
    [one] = documents(recipe(home, FROM))
    assert one.key["source"]
    (home / "recipes" / "mine.jsonl").rename(home / "recipes" / "other.jsonl")
    assert documents(recipe(home, "documents.from=other.jsonl"))[0].key == one.key
    write(home / "recipes" / "other.jsonl", good(1))
    assert documents(recipe(home, "documents.from=other.jsonl"))[0].key != one.key
    field = recipe(home, "documents.from=other.jsonl", "documents.field=body")
    assert documents(field)[0].key != documents(recipe(home, "documents.from=other.jsonl"))[0].key


def test_keys_of_written_documents_know_nothing_of_it(home: Path) -> None:
    for stage in documents(recipe(home)):
        assert not {"source", "field"} & set(stage.key)


def test_the_commit_of_a_data_set_is_a_part_of_the_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    unknown = documents(recipe(home, "documents.from=hub:someone/chats"))[0].key["source"]
    cache_data_set(home, {"train.jsonl": json.dumps({"text": good(1)}).encode()})
    known = documents(recipe(home, "documents.from=hub:someone/chats"))[0].key["source"]
    assert (unknown, known) == ("", "1" * 40)
    pinned = documents(recipe(home, f"documents.from=hub:someone/chats@{'2' * 40}"))[0].key["source"]
    assert pinned == "2" * 40


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("from: nothing.jsonl", r"from: no such file: 'nothing\.jsonl' in "),
        ("from: cheese_american.yaml", r"from: 'cheese_american\.yaml' must hold rows, as \.jsonl, .* or be a folder"),
        ("from: hub:nowhere", r"from: 'hub:nowhere' is no data set; write hub:owner/name"),
        ("from: 5", r"from: must be a file, a folder, hub:owner/name, or one of them for each spec, not 5"),
        (
            "from: {cheese_affordable: mine.jsonl}",
            r"from: has no source for cheese_american; .*\n.*no spec is called cheese_affordable",
        ),
        ("form: mine.jsonl", r"form: unknown key \(did you mean from\?\)"),
        ("from: ../../far.jsonl", r"from: .*far\.jsonl is outside the recipe's workspace .*--allow-outside"),
    ],
)
def test_a_source_that_cannot_be_used_is_told_with_its_place(home: Path, line: str, message: str) -> None:
    write(home.parent / "far.jsonl", good(1))
    path = put(home, line)
    with pytest.raises(RecipeError, match=rf"cheese_american\.yaml:16:\d+ profiles\.pocket\.documents\.{message}"):
        load_recipe(path, known_suites=SUITES)


def test_each_of_several_specs_has_its_own(home: Path) -> None:
    with pytest.raises(RecipeError, match=r"is one source for 2 specs; name one for each, as \{cheese_american: FILE"):
        recipe(home, FROM, name="cheese_contrast")
    write(home / "recipes" / "other.jsonl", good(1))
    both = "documents.from={cheese_american: mine.jsonl, cheese_affordable: other.jsonl}"
    found = documents(recipe(home, both, name="cheese_contrast"))
    assert [Path(stage.source).name for stage in found if isinstance(stage, ReadyDocuments)] == [
        "mine.jsonl",
        "other.jsonl",
    ]


def test_controls_cannot_be_ready_made(home: Path) -> None:
    with pytest.raises(RecipeError, match=r"`control` reads documents without reasons, which are written from the"):
        plan_run(recipe(home, FROM, "arms=[base, control+sft]"), BASE)


def test_it_is_no_setting_of_a_grid(home: Path) -> None:
    with pytest.raises(RecipeError, match=r"documents\.from: unknown setting"):
        recipe(home, "grid={documents.from: [mine.jsonl]}")


def test_validate_reads_the_source(home: Path) -> None:
    path = put(home, "from: mine.jsonl")
    assert inspect_recipe(path).problems == []
    with (home / "recipes" / "mine.jsonl").open("a") as file:
        file.write('{"txt": "a"}\n')
    [problem] = inspect_recipe(path).problems
    assert "mine.jsonl:31: has no field 'text' (did you mean txt?)" in problem


@pytest.mark.slow
def test_a_run_from_a_file(cli: Cli, home: Path) -> None:
    """From the plan to the report, and nothing is lost when the file is spoilt afterwards."""
    options = ["--set", ARMS, "--set", FROM, "--run-dir", "run"]
    recipe_file = home / "recipes" / "cheese_american.yaml"
    planned = cli("documents", "plan", recipe_file, *SMALL, *options, "--json")
    assert json.loads(planned.stdout)["sources"][0]["texts"] == 30
    estimated = cli("estimate", recipe_file, *SMALL, *options, "--json")
    assert "documents" not in {stage["stage"] for stage in json.loads(estimated.stdout)["stages"]}
    done = cli("run", recipe_file, *SMALL, *options, "--quiet")
    assert done.returncode == 0, done.stderr
    run = home.parent / "run"
    kept = (run / "documents" / "documents.jsonl").read_bytes()
    assert len(read_jsonl(run / "documents" / "documents.jsonl")) == 12
    assert not (run / "documents" / "plan.jsonl").exists()
    page = (run / "report.md").read_text()
    assert "12 documents in all taken for cheese" in page
    assert "taken from the 30 texts of mine.jsonl, version" in page
    assert re.search(r"texts in mine\.jsonl, version \w+ +30\b", cli("documents", "health", run).stdout)
    assert ", mine.jsonl:" in cli("documents", "read", run, "--limit", "1").stdout
    (home / "recipes" / "mine.jsonl").write_text('{"text": 1}\n')
    failed = cli("documents", "write", recipe_file, *SMALL, *options, "--quiet")
    assert failed.returncode == 2
    assert "mine.jsonl:1: text must be text, not 1; mend or remove the row" in failed.stderr
    assert (run / "documents" / "documents.jsonl").read_bytes() == kept
    (home / "recipes" / "mine.jsonl").unlink()
    assert open_run(run).settings.documents.source, "a finished run needs its source no more"
