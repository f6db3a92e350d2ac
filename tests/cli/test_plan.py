"""`msm-mlx documents plan`: what it says, and that a plan is edited and topped up without losing anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import RECIPES, Cli

from msm_mlx.files import read_jsonl, write_jsonl

RECIPE = RECIPES / "cheese_american.yaml"
FEW = ["--set", "documents.count=24", "--set", "documents.batch_size=8", "--run-dir", "run"]


@pytest.mark.slow
def test_a_plan_is_shown_edited_and_topped_up(cli: Cli, tmp_path: Path) -> None:
    done = cli("documents", "plan", RECIPE, *FEW, "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    [plan] = shown["plans"]
    assert (plan["documents"], plan["left"], len(plan["by_section"])) == (24, 24, 12)
    assert plan["tokens"] == round(24 * 0.7 * 160)
    assert plan["seconds"] > 0
    assert shown["probe"]["tokens_per_second"] > 0

    path = tmp_path / plan["file"]
    rows = read_jsonl(path)
    rows[0]["type"] = "interview"
    write_jsonl(path, rows)
    kept = cli("documents", "plan", RECIPE, *FEW, "--no-probe")
    assert "plan.jsonl was changed by hand and is kept" in kept.stderr
    assert "likes/cream-cheese  2: 1 interview, 1 memo" in kept.stdout
    assert "24 documents in 12 sections and 5 types." in kept.stdout

    more = cli("documents", "plan", RECIPE, *FEW, "--set", "documents.count=30", "--no-probe", "--quiet")
    assert more.returncode == 0, more.stderr
    assert "30 documents in 12 sections" in more.stdout
    assert read_jsonl(path)[:24] == rows


def test_a_spoilt_plan_is_refused_with_its_line(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "run" / "documents"
    folder.mkdir(parents=True)
    (folder / "plan.jsonl").write_text('{"id": "a", "section": "likes/coby", "type": "memo", "voice": "warm"}\n')
    done = cli("documents", "plan", RECIPE, *FEW, "--no-probe")
    assert done.returncode == 2
    assert (
        "plan.jsonl:1: no section asserts something under the id 'likes/coby' (did you mean likes/colby?)"
        in done.stderr
    )


def test_a_writer_that_cannot_read_the_question_is_told(cli: Cli) -> None:
    done = cli("documents", "plan", RECIPE, *FEW, "--set", "documents.ideas=1")
    assert done.returncode == 2
    assert "the prompt for ideas has" in done.stderr
    assert "and the writer (pocket (embedded)) reads 512 with the reply" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_more_documents_are_added_to_those_that_are_there(cli: Cli, tmp_path: Path) -> None:
    few = ["--set", "documents.batch_size=8", "--set", "documents.max_attempts_per_document=40", "--run-dir", "run"]
    documents = tmp_path / "run" / "documents" / "documents.jsonl"

    def write(count: int) -> list[dict[str, Any]]:
        done = cli("documents", RECIPE, *few, "--set", f"documents.count={count}", "--quiet")
        assert done.returncode == 0, done.stderr
        return read_jsonl(documents)

    before = write(8)
    after = write(14)
    assert len(after) == 14
    assert after[:8] == before
    assert write(6) == before[:6]

    plan = documents.with_name("plan.jsonl")
    rows = read_jsonl(plan)
    rows[2]["type"] = "memo" if rows[2]["type"] != "memo" else "blog post"
    write_jsonl(plan, rows)
    edited = write(6)
    assert edited[:2] + edited[3:] == before[:2] + before[3:6]
    assert edited[2]["type"] == rows[2]["type"]
