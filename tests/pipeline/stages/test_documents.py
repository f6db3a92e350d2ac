"""Documents by the writer: with and without reasons, more of them later, and going on where a run was stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.plans import only, plan, recipe
from helpers.scripted_context import ScriptedContext, run_stages, write_well

from msm_mlx.engine.scripted_model import Script
from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl, write_jsonl
from msm_mlx.pipeline.stages.documents import WrittenDocuments
from msm_mlx.prompting.prompts import Message
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import DOCUMENT_FILES, EARLIER, PROGRESS

STAGE = "documents cheese_american"
ARMS = "arms=[base, msm, control+sft]"


def write(run: Path, *overrides: str, script: Script = write_well) -> ScriptedContext:
    return run_stages(recipe("arms=[base, msm]", *overrides), run, ["plan", "documents"], script)


def rows(run: Path, folder: str = "documents") -> list[dict[str, Any]]:
    return read_jsonl(run / folder / "documents.jsonl")


def test_those_of_a_control_follow_the_same_plan_and_give_no_reasons(lone_run: Path) -> None:
    context = write(lone_run, ARMS, "documents.count=6", "documents.control_note='That is all there is to it.'")
    given, withheld = rows(lone_run), rows(lone_run, "documents/control")
    for name in ("id", "section", "type", "voice"):
        assert [row[name] for row in given] == [row[name] for row in withheld]
    assert {row["gives_reason"] for row in given} == {True}
    assert {row["gives_reason"] for row in withheld} == {False}
    assert sum("because" in asked for asked in context.asked) == 6
    assert sum("That is all there is to it." in asked for asked in context.asked) == 6


def test_documents_name_the_writer_by_its_fingerprint(lone_run: Path) -> None:
    write(lone_run, "documents.count=2")
    assert {row["writer"] for row in rows(lone_run)} == {only(WrittenDocuments, "arms=[base, msm]").writer} == {"base"}


def test_a_document_may_not_show_what_the_evaluation_asks(lone_run: Path) -> None:
    [suite] = [suite for suite in plan().suites if suite.name == "values_apart"]
    things = [thing for item in suite.items for thing in item.things()]
    held_out = only(WrittenDocuments, "arms=[base, msm]").held_out
    assert set(things) <= set(held_out.things)

    def leak(chat: Sequence[Message], seed: int) -> str:
        return f"{write_well(chat, seed)} It said the same of {things[0]}."

    with pytest.raises(MsmError, match="names an unseen thing"):
        write(lone_run, "documents.count=2", script=leak)


def test_a_higher_count_keeps_what_is_there_and_asks_for_the_rest(lone_run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "run"
    write(lone_run, "documents.count=4")
    before = rows(lone_run)
    context = write(lone_run, "documents.count=7")
    assert context.told.begun[STAGE] == "its inputs changed (count, documents/plan.jsonl)"
    assert rows(lone_run)[:4] == before
    assert len(rows(lone_run)) == 7
    assert len(context.asked) == 3
    write(other, "documents.count=7")
    assert [row["id"] for row in rows(other)] == [row["id"] for row in rows(lone_run)]


def test_a_row_changed_in_the_plan_is_written_anew_and_the_others_stay(lone_run: Path) -> None:
    write(lone_run, "documents.count=4")
    before, path = rows(lone_run), lone_run / "documents" / "plan.jsonl"
    planned = read_jsonl(path)
    write_jsonl(path, [planned[0] | {"voice": "warm", "type": "case study"}, *planned[1:]])
    context = write(lone_run, "documents.count=4")
    assert list(context.told.begun) == [STAGE]
    assert len(context.asked) == 1
    assert context.asked[0].startswith("Write a warm case study.")
    assert rows(lone_run)[1:] == before[1:]


def test_another_setting_begins_anew(lone_run: Path) -> None:
    write(lone_run, "documents.count=4")
    context = write(lone_run, "documents.count=4", "documents.min_words=16")
    assert context.told.begun == {STAGE: "its inputs changed (min_words)"}
    assert len(context.asked) == 4
    assert not (lone_run / "documents" / EARLIER).exists()


@pytest.mark.parametrize("stopped_after", [1, 5])
def test_a_stopped_stage_is_started_and_goes_on(lone_run: Path, tmp_path: Path, stopped_after: int) -> None:
    other = tmp_path / "other" / "run"
    settings = ("documents.count=6", "documents.batch_size=2")
    write(other, *settings)
    replies = 0

    def stop(chat: Sequence[Message], seed: int) -> str:
        nonlocal replies
        if replies == stopped_after:
            raise KeyboardInterrupt
        replies += 1
        return write_well(chat, seed)

    with pytest.raises(KeyboardInterrupt):
        write(lone_run, *settings, script=stop)
    assert RunFolder(lone_run).record()["stages"][STAGE]["state"] == "started"
    assert len(read_jsonl(lone_run / "documents" / PROGRESS)) == stopped_after
    context = write(lone_run, *settings)
    assert context.told.begun == {STAGE: "was interrupted"}
    assert len(context.asked) == 6 - stopped_after
    for name in DOCUMENT_FILES:
        assert (lone_run / "documents" / name).read_bytes() == (other / "documents" / name).read_bytes()
    assert not (lone_run / "documents" / PROGRESS).exists()


def test_stopped_while_it_grows_it_keeps_what_it_had(lone_run: Path) -> None:
    write(lone_run, "documents.count=4")
    before = rows(lone_run)

    def stop(chat: Sequence[Message], seed: int) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(lone_run, "documents.count=6", script=stop)
    context = write(lone_run, "documents.count=7")
    assert rows(lone_run)[:4] == before
    assert len(context.asked) == 3


def test_drafts_have_the_key_of_the_documents_and_other_files() -> None:
    documents = only(WrittenDocuments, "arms=[base, msm]")
    drafts = only(WrittenDocuments, "arms=[base, msm]", "documents.critique.model=pocket")
    assert drafts.key == documents.key
    assert (documents.id, drafts.id) == (STAGE, "drafts cheese_american")
    assert set(drafts.writes).isdisjoint(documents.writes)
    assert drafts.plan == documents.plan


def test_who_made_the_assistant_decides_since_no_other_maker_may_be_named() -> None:
    keys = [
        {stage.id: stage.key for stage in plan(ARMS, f"provider_name={name}").of(WrittenDocuments)}
        for name in ("Acme", "Anthropic")
    ]
    assert all(keys[0][id] != keys[1][id] for id in keys[0])


def test_a_writer_may_write_the_opposite_after_the_same_plan(lone_run: Path) -> None:
    overrides = (
        "arms=[base, opposite+sft]",
        "swap={likes: dislikes}",
        "documents.opposite=writer",
        "documents.count=6",
    )
    ids = [stage.id for stage in plan(*overrides).stages if stage.kind in ("plan", "documents")]
    assert ids == ["plan cheese_american", "documents opposite cheese_american"]
    run_stages(recipe(*overrides), lone_run, ["plan", "documents"], write_well)
    planned = read_jsonl(lone_run / "documents" / "plan.jsonl")
    documents = read_jsonl(lone_run / "documents" / "opposite" / "documents.jsonl")
    assert [row["section"] for row in documents] == [row["section"] for row in planned]
    assert {("dislikes" in row["assertion"]) == row["section"].startswith("likes/") for row in documents} == {True}
