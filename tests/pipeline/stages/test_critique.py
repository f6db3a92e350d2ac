"""Drafts that a critic reads: what takes their place, and what is read again when there are more, or another critic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.plans import MODELS, recipe
from helpers.scripted_context import ScriptedContext, run_stages, scripted_context, write_well

from msm_mlx.engine.scripted_model import Script
from msm_mlx.files import read_jsonl
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.stage import Kind
from msm_mlx.pipeline.work import run_stage
from msm_mlx.prompting.prompts import Message
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import CRITIQUE, DOCUMENT_FILES

STAGE, DRAFTS = "documents cheese_american", "drafts cheese_american"
WRITER = ("arms=[base, msm]", "documents.count=4")
CRITIC = (*WRITER, "documents.critique.model=pocket")
KINDS: tuple[Kind, ...] = ("plan", "documents", "critique")


def talk(chat: Sequence[Message], seed: int) -> str:
    """Writes as a writer, finds a fault as a critic, and mends it."""
    asked = chat[-1]["content"]
    if asks_for_faults(asked):
        return "<faults>\n1. It does not say who asked.\n</faults>"
    if asked.startswith("Write "):
        return write_well(chat, seed)
    [draft] = [line for line in asked.splitlines() if re.search(r"Somebody\d", line)]
    return f"<document>{draft.replace('Somebody', 'A visitor who came late, Somebody')}</document>"


def asks_for_faults(asked: str) -> bool:
    return "<faults> and </faults>" in asked


def criticise(run: Path, *overrides: str, script: Script = talk) -> ScriptedContext:
    return run_stages(recipe(*CRITIC, *overrides), run, KINDS, script)


def rows(run: Path, folder: str = "documents") -> list[dict[str, Any]]:
    return read_jsonl(run / folder / "documents.jsonl")


def faults_asked(context: ScriptedContext) -> int:
    return sum(map(asks_for_faults, context.asked))


def test_documents_take_the_place_of_drafts_and_say_what_they_were(lone_run: Path) -> None:
    context = criticise(lone_run)
    drafts, documents = rows(lone_run, "drafts"), rows(lone_run)
    assert [row["id"] for row in documents] == [row["id"] for row in drafts]
    assert [row["draft"] for row in documents] == [row["text"] for row in drafts]
    assert all("A visitor who came late" in row["text"] for row in documents)
    assert {(row["writer"], row["critic"]) for row in documents} == {("base", "critic")}
    assert {file.name for file in (lone_run / "documents").iterdir()} == {*DOCUMENT_FILES, CRITIQUE, "plan.jsonl"}
    assert (len(context.asked), faults_asked(context)) == (12, 4)
    [stage] = [stage for stage in plan_run(recipe(*CRITIC), MODELS).stages if stage.kind == "midtrain"][:1]
    assert stage.reads == ("documents/documents.jsonl",)


def test_of_more_drafts_only_the_new_ones_are_read(lone_run: Path) -> None:
    criticise(lone_run)
    before = rows(lone_run)
    context = criticise(lone_run, "documents.count=6")
    assert rows(lone_run)[:4] == before
    assert len(rows(lone_run)) == 6
    assert faults_asked(context) == 2


def test_a_critic_who_comes_later_finds_the_documents_as_drafts(lone_run: Path) -> None:
    run_stages(recipe(*WRITER), lone_run, KINDS, talk)
    written = rows(lone_run)
    context = criticise(lone_run)
    assert context.told.skipped[DRAFTS].startswith("copied from the run run")
    assert list(context.told.begun) == [STAGE]
    assert rows(lone_run, "drafts") == written
    assert [row["draft"] for row in rows(lone_run)] == [row["text"] for row in written]


def test_without_the_critic_the_drafts_are_the_documents_again(lone_run: Path) -> None:
    criticise(lone_run)
    context = run_stages(recipe(*WRITER), lone_run, KINDS, talk)
    assert context.asked == []
    assert rows(lone_run) == rows(lone_run, "drafts")


def test_another_critic_reads_them_all_again_and_nobody_writes(lone_run: Path) -> None:
    criticise(lone_run)
    context = scripted_context(recipe(*CRITIC), lone_run, talk)
    models = replace(MODELS, others={"critic": "another"})
    for stage in plan_run(recipe(*CRITIC), models).stages[:3]:
        run_stage(stage, context)
    assert context.told.begun == {STAGE: "its inputs changed (critic)"}
    assert faults_asked(context) == 4
    assert {row["critic"] for row in rows(lone_run)} == {"another"}


@pytest.mark.parametrize("replies", [1, 6])
def test_a_stopped_critic_goes_on(lone_run: Path, tmp_path: Path, replies: int) -> None:
    other = tmp_path / "other" / "run"
    criticise(other)
    run_stages(recipe(*WRITER), lone_run, KINDS, talk)
    said = 0

    def stop(chat: Sequence[Message], seed: int) -> str:
        nonlocal said
        if said == replies:
            raise KeyboardInterrupt
        said += 1
        return talk(chat, seed)

    with pytest.raises(KeyboardInterrupt):
        criticise(lone_run, script=stop)
    assert RunFolder(lone_run).record()["stages"][STAGE]["state"] == "started"
    context = criticise(lone_run)
    assert context.told.begun == {STAGE: "was interrupted"}
    assert len(context.asked) == 8 - replies
    for name in (*DOCUMENT_FILES, CRITIQUE):
        assert (lone_run / "documents" / name).read_bytes() == (other / "documents" / name).read_bytes()
