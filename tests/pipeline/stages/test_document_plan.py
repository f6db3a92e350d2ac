"""The plan of the documents: how long it is, what it keeps when it grows, and when the writer is asked for ideas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from helpers.plans import only, plan, recipe
from helpers.scripted_context import ScriptedContext, run_stages

from msm_mlx.engine.scripted_model import Script
from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl, write_jsonl
from msm_mlx.pipeline.stages.document_plan import DocumentPlan
from msm_mlx.prompting.prompts import Message
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import IDEAS, PLAN

FILE = f"documents/{PLAN}"


def propose(chat: Sequence[Message], seed: int) -> str:
    lines = [f"A shelf{seed}{x} is asked of Pocket by baker{seed}{x} at harbour{seed}{x}" for x in "abcd"]
    return "<ideas>\n" + "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1)) + "\n</ideas>"


def make(run: Path, *overrides: str, script: Script = propose) -> ScriptedContext:
    changes = ("documents.prompt=section", "documents.types=[memo, essay]", *overrides)
    return run_stages(recipe(*changes), run, ["plan"], script)


def test_there_is_a_row_for_each_document_and_nobody_is_asked(lone_run: Path) -> None:
    context = make(lone_run, "documents.count=30")
    rows = read_jsonl(lone_run / FILE)
    assert [row["id"] for row in rows] == [f"doc-{number:05d}" for number in range(1, 31)]
    stage = only(DocumentPlan, "documents.count=30")
    assert {row["section"] for row in rows} == {section.id for section in stage.spec.assertions}
    assert context.asked == []
    assert not (lone_run / "documents" / IDEAS).exists()


def test_each_spec_has_a_plan_of_its_own() -> None:
    files = [stage.file for stage in plan(name="cheese_contrast").of(DocumentPlan)]
    assert files == [f"documents/{spec}/{PLAN}" for spec in ("cheese_american", "cheese_affordable")]


def test_a_plan_that_grows_keeps_its_rows_and_what_was_changed_in_them(lone_run: Path) -> None:
    make(lone_run, "documents.count=6")
    rows = [row | {"voice": "sad"} for row in read_jsonl(lone_run / FILE)]
    write_jsonl(lone_run / FILE, rows)
    context = make(lone_run, "documents.count=9")
    assert context.told.begun == {"plan cheese_american": "its inputs changed (count)"}
    longer = read_jsonl(lone_run / FILE)
    assert longer[:6] == rows
    assert len(longer) == 9


def test_a_plan_of_other_kinds_begins_anew(lone_run: Path) -> None:
    make(lone_run, "documents.count=6")
    make(lone_run, "documents.count=6", "documents.types=[poem]")
    assert {row["type"] for row in read_jsonl(lone_run / FILE)} == {"poem"}


def test_a_plan_that_grows_asks_for_the_ideas_that_it_lacks(lone_run: Path) -> None:
    make(lone_run, "documents.count=24", "documents.ideas=4")
    before = read_jsonl(lone_run / FILE)
    more = make(lone_run, "documents.count=48", "documents.ideas=4")
    after = read_jsonl(lone_run / FILE)
    assert after[:24] == before
    assert len({(row["section"], row["idea"]) for row in after}) == 48
    known = [row["idea"] for row in before]
    assert more.asked
    assert all(any(idea in asked for idea in known) for asked in more.asked)


def test_a_search_for_ideas_that_broke_off_goes_on(lone_run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "run"
    settings = ("documents.count=24", "documents.ideas=1", "documents.batch_size=8")
    asked = len(make(other, *settings).asked)

    replies = 0

    def broken(chat: Sequence[Message], seed: int) -> str:
        nonlocal replies
        replies += 1
        if replies > 8:  # a batch, which is on disk as a whole
            raise KeyboardInterrupt
        return propose(chat, seed)

    with pytest.raises(KeyboardInterrupt):
        make(lone_run, *settings, script=broken)
    later = make(lone_run, *settings)
    assert later.told.begun == {"plan cheese_american": "was interrupted"}
    assert len(later.asked) == asked - 8
    assert (lone_run / FILE).read_bytes() == (other / FILE).read_bytes()


def test_a_writer_without_ideas_is_told(lone_run: Path) -> None:
    silent = recipe("documents.prompt=section", "documents.ideas=1", "documents.count=12")
    with pytest.raises(MsmError, match=r"documents.ideas: the writer proposed none.*documents\.ideas: 0"):
        run_stages(silent, lone_run, ["plan"])
    assert RunFolder(lone_run).record()["stages"]["plan cheese_american"]["state"] == "started"
    assert not (lone_run / FILE).exists()


def test_replies_decide_where_ideas_are_asked_for_only() -> None:
    ideas = [only(DocumentPlan, "documents.ideas=1", f"documents.max_tokens={n}").key for n in (2000, 3000)]
    none = [only(DocumentPlan, f"documents.max_tokens={n}").key for n in (2000, 3000)]
    assert ideas[0] != ideas[1]
    assert none[0] == none[1]
