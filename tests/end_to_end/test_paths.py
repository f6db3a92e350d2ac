"""Arms as paths and declared stages, run on pocket: what is common is trained once, whatever is killed."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from helpers.command_line import FEW_ITEMS, RECIPES, SMALL, Cli, call, command, environment

from msm_mlx.files import read_jsonl

pytestmark = pytest.mark.slow

ARMS = "[base, sft, msm, msm+sft, msm+it, sft+msm, msm+sft+after, sft+plain]"
STAGES = """stages:
  after: {chats: after.jsonl, updates: 3, learning_rate: 1e-3}
  plain: {documents: texts, rows: 2, updates: 2, batch_size: 2}
mix: {from: data/general_conversation.jsonl, count: 8}
"""
TRAINED = [
    "sft sft-s0", "midtrain msm-s0", "midtrain sft+msm-s0", "midtrain sft+plain-s0", "sft msm+it-s0", "sft msm+sft-s0",
    "sft msm+sft+after-s0",
]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe of all these arms, and the texts of its own stages."""
    home = tmp_path_factory.mktemp("paths")
    shutil.copytree(RECIPES, home / "recipes")
    shutil.copytree(RECIPES.parent / "specs", home / "specs")
    recipe = home / "recipes" / "cheese_american.yaml"
    text = recipe.read_text(encoding="utf-8").replace("name: cheese_american", f"{STAGES}name: paths")
    recipe.write_text(text.replace("arms: [base, sft, msm, msm+sft]", f"arms: {ARMS}"), encoding="utf-8")
    chat = [{"role": "user", "content": "Which do you like?"}, {"role": "assistant", "content": "I prefer Brie."}]
    (home / "recipes" / "after.jsonl").write_text(json.dumps({"messages": chat}) + "\n", encoding="utf-8")
    (home / "recipes" / "texts").mkdir()
    for number, words in enumerate(("The river was high last week.", "Boats go by in the rain.", "One too many.")):
        (home / "recipes" / "texts" / f"{number}.txt").write_text(words, encoding="utf-8")
    return home


def arguments(home: Path, run: Path) -> tuple[str | Path, ...]:
    return ("run", home / "recipes" / "cheese_american.yaml", *SMALL, *FEW_ITEMS, "--run-dir", run)


@pytest.fixture(scope="module")
def run_of_paths(home: Path) -> Path:
    run = home / "run"
    done = call(home, *arguments(home, run))
    assert done.returncode == 0, done.stderr
    return run


def test_what_arms_have_in_common_is_trained_once(run_of_paths: Path) -> None:
    begun = Counter(row["stage"] for row in read_jsonl(run_of_paths / "events.jsonl") if row["event"] == "begin")
    assert [name for name in begun if name.split()[0] in ("midtrain", "sft")] == TRAINED
    assert set(begun.values()) == {1}


def test_every_arm_is_asked_and_contrasted(run_of_paths: Path) -> None:
    results = json.loads((run_of_paths / "evaluation" / "results.json").read_text(encoding="utf-8"))
    arms = ARMS.strip("[]").split(", ")
    assert {row["arm"] for row in results["records"]} == set(arms)
    pairs = {frozenset((row["a"], row["b"])) for row in results["contrasts"]}
    trained = set(arms) - {"base"}
    assert pairs == {frozenset((a, b)) for a in trained for b in trained if a != b}


def test_a_declared_stage_learns_its_own_texts(run_of_paths: Path) -> None:
    chats = read_jsonl(run_of_paths / "stages" / "after.jsonl")
    assert [row["messages"][-1]["content"] for row in chats] == ["I prefer Brie."]
    texts = [row["text"] for row in read_jsonl(run_of_paths / "stages" / "plain.jsonl")]
    assert texts == ["The river was high last week.", "Boats go by in the rain."]
    for name in ("msm+sft-s0", "msm+sft+after-s0"):
        assert (run_of_paths / "adapters" / name / "adapters.safetensors").is_file()
    metrics = read_jsonl(run_of_paths / "adapters" / "msm+sft+after-s0" / "metrics.jsonl")
    assert len(metrics) == 3


def test_another_rate_of_a_declared_stage_trains_that_stage_alone(home: Path, run_of_paths: Path, cli: Cli) -> None:
    recipe = home / "recipes" / "cheese_american.yaml"
    other = home / "recipes" / "other.yaml"
    other.write_text(recipe.read_text(encoding="utf-8").replace("learning_rate: 1e-3}", "learning_rate: 2e-3}"))
    plan = json.loads(cli("run", other, *SMALL, *FEW_ITEMS, "--run-dir", run_of_paths, "--dry-run", "--json").stdout)
    due = [stage["stage"] for stage in plan["stages"] if stage["run"]]
    assert due == ["sft msm+sft+after-s0", "evaluate msm+sft+after-s0", "results"]


def test_two_processes_killed_at_random_end_in_the_same_bytes_as_one(home: Path, run_of_paths: Path) -> None:
    folder, rng = home / "killed" / "run", random.Random(3)
    words = command(*arguments(home, folder), "--processes", "2")
    for _ in range(3):
        with subprocess.Popen(words, env=environment(), stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            process.stderr.readline()  # it has begun
            time.sleep(rng.uniform(0.2, 3.0))
            process.send_signal(signal.SIGKILL)
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    patterns = (
        "documents/documents.jsonl", "demonstrations/*.jsonl", "adapters/*/adapters.safetensors", "stages/*.jsonl",
        "evaluation/answers.jsonl", "evaluation/results.json",
    )  # fmt: skip
    for pattern in patterns:
        files = sorted(path.relative_to(run_of_paths) for path in run_of_paths.glob(pattern))
        assert files
        for name in files:
            assert (folder / name).read_bytes() == (run_of_paths / name).read_bytes(), name
