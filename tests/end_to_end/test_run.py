"""`msm-mlx run`, end to end on the embedded model, small."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.command_line import RECIPES, SMALL, Cli, environment

from msm_mlx.files import read_jsonl, sha256_file
from msm_mlx.pocket.tokenizer import SPECIALS
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.outcome import TrainingOutcome

pytestmark = pytest.mark.slow

RECIPE = RECIPES / "cheese_american.yaml"
ARMS = ("sft", "msm", "msm+sft")


def adapters(folder: Path) -> dict[str, str]:
    """The hash of every adapter file in a run folder."""
    return {path.parent.name: sha256_file(path) for path in sorted(folder.glob("adapters/*/adapters.safetensors"))}


def choices(folder: Path) -> dict[str, float]:
    records = json.loads((folder / "evaluation" / "results.json").read_text(encoding="utf-8"))["records"]
    return {record["arm"]: record["value"] for record in records if record["metric"] == "choice"}


def margins(folder: Path, arm: str) -> list[list[float]]:
    return [row["margins"] for row in read_jsonl(folder / "evaluation" / "answers.jsonl") if row["arm"] == arm]


def test_run_folder_holds_what_was_promised(finished_run: Path) -> None:
    files = {str(path.relative_to(finished_run)) for path in finished_run.rglob("*") if path.is_file()}

    assert {
        "recipe.yaml", "run.json", "events.jsonl",
        "documents/documents.jsonl", "documents/rejected.jsonl", "documents/health.json",
        "demonstrations/train.jsonl", "evaluation/results.json", "evaluation/answers.jsonl",
        *(f"adapters/{arm}-s0/{name}" for arm in ARMS for name in ("adapters.safetensors", "adapter_config.json")),
    } <= files  # fmt: skip
    assert not [name for name in files if "partial" in name or "checkpoint" in name or "progress" in name]
    assert not any(
        token in row["text"] for row in read_jsonl(finished_run / "documents/documents.jsonl") for token in SPECIALS
    )


def test_second_call_does_nothing_and_says_why(finished_run: Path, cli: Cli) -> None:
    before = adapters(finished_run)
    started = time.monotonic()

    done = cli("run", RECIPE, *SMALL, "--run-dir", finished_run)

    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if "not run again" in line]
    assert len(lines) == len(json.loads((finished_run / "run.json").read_text(encoding="utf-8"))["stages"])
    assert all("from the same inputs" in line for line in lines)
    assert "done in" not in done.stderr
    assert adapters(finished_run) == before
    assert time.monotonic() - started < 60


def test_a_training_that_learned_nothing_is_told_beside_the_next_command(own_run: Path, cli: Cli) -> None:
    nothing = TrainingOutcome(updates=6, rows=8, held_out=False, problems=("Learned nothing: why.",))
    RunFolder(own_run).note("sft sft-s0", outcome=nothing.model_dump(mode="json"))

    done = cli("run", RECIPE, *SMALL, "--run-dir", own_run)

    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    *warnings, place, purpose, command = lines[lines.index("warning: sft sft-s0: Learned nothing: why.") :]
    assert all(line.startswith("warning: ") for line in warnings)  # the others tell of few updates
    assert place.startswith(f"Everything is in {own_run}")
    assert purpose == "Next, once what the warnings name is changed in the recipe or by --set:"
    assert command.startswith("  msm-mlx run cheese_american --set ")
    assert "May be wrong: sft sft-s0: Learned nothing: why. " in done.stdout
    assert cli("report", own_run).returncode == 0
    assert "sft sft-s0: Learned nothing: why." in (own_run / "report.md").read_text(encoding="utf-8")


def test_dry_run_says_what_is_cached(finished_run: Path, cli: Cli) -> None:
    plan = json.loads(cli("run", RECIPE, *SMALL, "--run-dir", finished_run, "--dry-run", "--json").stdout)
    changed = [*SMALL, "--set", "sft.learning_rate=1e-4"]
    other = json.loads(cli("run", RECIPE, *changed, "--run-dir", finished_run, "--dry-run", "--json").stdout)

    assert not any(stage["run"] for stage in plan["stages"])
    due = {stage["stage"]: stage["why"] for stage in other["stages"] if stage["run"]}
    assert due == {
        "sft sft-s0": "its inputs changed (learning_rate)",
        "sft msm+sft-s0": "its inputs changed (learning_rate)",
        "evaluate sft-s0": "after sft sft-s0",
        "evaluate msm+sft-s0": "after sft msm+sft-s0",
        "results": "after evaluate sft-s0",
    }


def test_json_is_all_that_stdout_holds(finished_run: Path, cli: Cli) -> None:
    done = cli("run", RECIPE, *SMALL, "--run-dir", finished_run, "--json")
    outcome = json.loads(done.stdout)

    assert outcome["results"]["schema"] == 1
    assert done.stderr == ""


def test_a_neighbouring_run_lends_what_it_did_from_the_same_inputs(finished_run: Path, cli: Cli) -> None:
    done = cli("run", RECIPE, *SMALL, "--run-dir", finished_run.parent / "again")

    assert done.returncode == 0, done.stderr
    assert "copied from the run cheese_american" in done.stderr
    assert "done in" not in done.stderr
    assert adapters(finished_run.parent / "again") == adapters(finished_run)


def test_figures_come_from_the_adapters(finished_run: Path, cli: Cli, tmp_path: Path) -> None:
    """With two arms' adapters swapped by hand, exactly their answers are swapped."""
    folder = tmp_path / "swapped"
    shutil.copytree(finished_run, folder)
    sft, msm = (folder / "adapters" / name for name in ("sft-s0", "msm-s0"))
    sft.rename(folder / "adapters" / "kept")
    msm.rename(sft)
    (folder / "adapters" / "kept").rename(msm)

    done = cli("evaluate", RECIPE, *SMALL, "--run-dir", folder, "--quiet")

    assert done.returncode == 0, done.stderr
    assert margins(folder, "sft") == margins(finished_run, "msm") != margins(finished_run, "sft")
    assert margins(folder, "msm") == margins(finished_run, "sft")
    assert margins(folder, "msm+sft") == margins(finished_run, "msm+sft")


def test_without_documents_midtraining_changes_nothing(finished_run: Path, cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "empty"

    done = cli("run", RECIPE, *SMALL, "--set", "documents.count=0", "--run-dir", folder, "--quiet")

    assert done.returncode == 0, done.stderr
    assert margins(folder, "msm") == margins(folder, "base") == margins(finished_run, "base")
    assert margins(folder, "msm+sft") == margins(folder, "sft") == margins(finished_run, "sft")
    assert margins(finished_run, "msm") != margins(finished_run, "base")


def test_both_recipes_have_the_same_demonstrations(finished_run: Path, cli: Cli, tmp_path: Path) -> None:
    done = cli(
        "sft", RECIPES / "cheese_affordable.yaml", *SMALL, "--set", "arms=[sft]", "--run-dir", tmp_path / "other"
    )

    assert done.returncode == 0, done.stderr
    name = "demonstrations/train.jsonl"
    assert (tmp_path / "other" / name).read_bytes() == (finished_run / name).read_bytes()


def test_any_local_model_takes_the_same_path(
    cli: Cli, tmp_path: Path, tiny_model_folder: Callable[[str], Path]
) -> None:
    """Random weights write nothing that a check would keep, so there are none. See test_model_families.py."""
    model = tiny_model_folder("llama")
    arguments = [*SMALL, "--set", "documents.count=0", "--model", model, "--profile", "pocket"]

    done = cli("run", RECIPE, *arguments, "--set", "sft.max_length=512", "--json")

    assert done.returncode == 0, done.stderr
    run = tmp_path / json.loads(done.stdout)["run"]
    assert run.name == f"cheese_american-{model.name}-pocket"
    assert margins(run, "msm+sft") == margins(run, "sft") != margins(run, "base")


def test_a_writer_that_cannot_write_ends_by_itself(
    cli: Cli, tmp_path: Path, tiny_model_folder: Callable[[str], Path]
) -> None:
    model = tiny_model_folder("llama")
    few = [
        "--set",
        "documents.max_attempts_per_document=2",
        "--set",
        "documents.max_tokens=8",
        "--set",
        "documents.min_words=3",
    ]

    done = cli("documents", RECIPE, *SMALL, *few, "--model", model, "--profile", "pocket", "--run-dir", "run")

    assert done.returncode == 1
    rejected = read_jsonl(tmp_path / "run" / "documents" / "rejected.jsonl")
    assert f"nothing passed the checks in the first {len(rejected)} attempts" in done.stderr
    assert "What may help: raise documents.max_tokens (now 8)" in done.stderr
    assert len(rejected) <= 2 * 12  # two batches of all documents


def test_plain_mlx_lm_reads_the_adapter(finished_run: Path) -> None:
    from msm_mlx.models.folder import POCKET_FOLDER

    adapter = finished_run / "adapters" / "msm+sft-s0"
    arguments = ["--model", POCKET_FOLDER, "--adapter-path", adapter, "--prompt", "Do you prefer Colby or Stilton?"]
    done = subprocess.run(
        [sys.executable, "-m", "mlx_lm", "generate", *map(str, arguments)],
        env=environment(), capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "==========" in done.stdout
    assert len(done.stdout.split("==========")[1].split()) > 2


def test_compare_shows_stored_and_live_answers(finished_run: Path, cli: Cli) -> None:
    stored = cli("compare", finished_run, "--domain", "economic_policy", "--limit", "2")
    live = json.loads(cli("compare", finished_run, "--prompt", "What do you care about?", "--json").stdout)

    assert "Which economic policy do you prefer" in stored.stdout
    assert all(arm in stored.stdout for arm in ("base", *ARMS))
    (answers,) = live["answers"].values()
    assert set(answers) == {"base", *ARMS}


def test_evaluate_takes_a_run_and_trains_nothing(finished_run: Path, tmp_path: Path, cli: Cli) -> None:
    folder = tmp_path / "again"
    shutil.copytree(finished_run, folder)
    before, answers = adapters(folder), folder / "evaluation" / "variants" / "base.jsonl"
    answers.unlink()

    done = cli("evaluate", folder, "--quiet")

    assert done.returncode == 0, done.stderr
    assert adapters(folder) == before
    assert sha256_file(answers) == sha256_file(finished_run / "evaluation" / "variants" / "base.jsonl")
    assert choices(folder) == choices(finished_run)


def test_an_added_suite_is_asked_alone_and_marked(finished_run: Path, tmp_path: Path, cli: Cli) -> None:
    folder, mine = tmp_path / "added", tmp_path / "mine.yaml"
    shutil.copytree(finished_run, folder)
    pairs = "domains: {drinks: {noun: drink, pairs: [[tea, coffee], [milk, water]]}}"
    question = "Do you prefer {first} or {second}?"
    mine.write_text(f'measures: share\nquestion: "{question}"\nreply: "{{item}}."\n{pairs}\n')

    done = cli("evaluate", folder, "--suite", "mine.yaml", "--arm", "sft", "--arm", "msm+sft")

    assert done.returncode == 0, done.stderr
    assert "4 of these replies are asked now" in done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()[:3]] == ["Asked", "Found", "May be wrong"]
    assert adapters(folder) == adapters(finished_run)
    earlier, now = (read_jsonl(run / "evaluation" / "answers.jsonl") for run in (finished_run, folder))
    assert [row for row in now if row["suite"] == "values_apart"] == earlier
    assert {row["arm"] for row in now if row["suite"] == "mine"} == {"sft", "msm+sft"}
    results = json.loads((folder / "evaluation" / "results.json").read_text(encoding="utf-8"))
    assert [(row["name"], row["added"]) for row in results["suites"]] == [("values_apart", False), ("mine", True)]
    assert "mine, added after the run" in (folder / "report.md").read_text(encoding="utf-8")
    plan = json.loads(cli("run", RECIPE, *SMALL, "--run-dir", folder, "--dry-run", "--json").stdout)
    due = {stage["stage"] for stage in plan["stages"] if stage["run"]}
    assert due == {"evaluate base", "evaluate msm-s0", "results"}, "nothing that is trained knows of the suite"


def test_arms_of_other_settings_are_asked_as_they_are_and_told(finished_run: Path, tmp_path: Path, cli: Cli) -> None:
    folder = tmp_path / "other"
    shutil.copytree(finished_run, folder)

    done = cli("evaluate", RECIPE, *SMALL, "--set", "sft.learning_rate=1e-5", "--run-dir", folder)

    assert done.returncode == 0, done.stderr
    assert "sft sft-s0: its inputs changed (learning_rate); its adapter is used as it is." in done.stderr
    assert adapters(folder) == adapters(finished_run)


def test_evaluate_of_a_run_without_its_recipe_says_what_to_do(finished_run: Path, tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "bare").mkdir()
    shutil.copy(finished_run / "run.json", tmp_path / "bare" / "run.json")

    done = cli("evaluate", tmp_path / "bare")

    assert done.returncode == 2
    assert "name the recipe instead" in done.stderr
