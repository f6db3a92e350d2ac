"""The shipped recipes as they are, with all their seeds: what the product is for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from running import RECIPES, command, environment

from msm_mlx.files import read_jsonl

CONTRAST = ("cheese_american", "cheese_affordable")


def run_recipe(name: str, folder: Path) -> Path:
    run = folder / name
    done = subprocess.run(
        command("run", RECIPES / f"{name}.yaml", "--run-dir", run, "--quiet"),
        env=environment(), capture_output=True, text=True, timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return run


@pytest.fixture(scope="module")
def american(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_recipe("cheese_american", tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def contrast(american: Path) -> Path:
    """Beside the run of one spec, so that it need not do that part again."""
    return run_recipe("cheese_contrast", american.parent)


def difference(run: Path, a: str, b: str) -> dict[str, Any]:
    contrasts = json.loads((run / "evaluation" / "results.json").read_text(encoding="utf-8"))["contrasts"]
    (found,) = [c for c in contrasts if (c["suite"], c["a"], c["b"]) == ("values_apart", a, b)]
    return dict(found)


def test_midtraining_decides_how_fine_tuning_generalises(american: Path) -> None:
    found = difference(american, "msm+sft", "sft")

    assert found["difference"] >= 0.25
    assert found["ci_low"] > 0
    assert found["paired"] is True


def test_two_specs_lead_two_ways(contrast: Path) -> None:
    record = json.loads((contrast / "evaluation" / "results.json").read_text(encoding="utf-8"))["contrasts"]
    labels = {frozenset((c["a"], c["b"])) for c in record if c["suite"] == "values_apart"}
    american, affordable = (f"msm+sft@{spec}" for spec in CONTRAST)
    assert frozenset((american, affordable)) in labels
    found = next(c for c in record if c["suite"] == "values_apart" and {c["a"], c["b"]} == {american, affordable})
    sign = 1 if found["a"] == american else -1

    assert sign * found["difference"] >= 0.40
    assert min(sign * found["ci_low"], sign * found["ci_high"]) > 0


def test_documents_are_kept_new_and_give_the_reason(contrast: Path) -> None:
    for spec in CONTRAST:
        folder = contrast / "documents" / spec
        health = json.loads((folder / "health.json").read_text(encoding="utf-8"))
        texts = [row["text"] for row in read_jsonl(folder / "documents.jsonl")]

        assert health["kept_share"] >= 0.85
        assert health["gives_reason_share"] >= 0.60
        assert len(texts) == len(set(texts)) == health["kept"]


def test_written_answers_choose_one_of_the_two(contrast: Path) -> None:
    """Where a value tells the two apart. Where it does not, an arm may name a third thing that suits it better."""
    records = json.loads((contrast / "evaluation" / "results.json").read_text(encoding="utf-8"))["records"]
    unclear = [r["value"] for r in records if r["metric"] == "unclear" and r["suite"] == "values_apart"]

    assert len(unclear) == 16
    assert max(unclear) <= 0.02


def test_no_unseen_thing_occurs_in_what_was_trained_on(contrast: Path) -> None:
    """The evaluation's things stand in no document and no demonstration."""
    answers = read_jsonl(contrast / "evaluation" / "answers.jsonl")
    things = {row[key] for row in answers for key in ("target", "other")}
    files = [*(contrast / "documents").rglob("documents.jsonl"), contrast / "demonstrations" / "train.jsonl"]
    trained_on = "\n".join(file.read_text(encoding="utf-8") for file in files)

    assert len(things) > 90
    assert not [thing for thing in things if thing in trained_on]
