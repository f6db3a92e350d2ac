"""A writer that does everything wrong: each reply is rejected under its own reason, and the run ends by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest
from helpers.bad_replies import WORSE
from helpers.bad_writer import ASSERTION, GOOD, TAGGED, near_copies
from helpers.bad_writer import PLAIN as OFTEN
from helpers.good_documents import GOOD_DOCUMENTS

from msm_mlx.documents.checks.assertions import Subject
from msm_mlx.documents.checks.reject import (
    NEAR_DUPLICATE,
    WRITTEN_BEFORE,
    near_duplicate_index,
    reject_reason,
    repeat_reason,
)
from msm_mlx.documents.checks.tags import written_text
from msm_mlx.documents.checks.wording_rules import check_name
from msm_mlx.documents.plan import Slot
from msm_mlx.documents.store import Output
from msm_mlx.documents.write import Assignment, write_documents
from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import DOCUMENTS, REJECTED
from msm_mlx.spec import Section, Spec

PLAIN_SETTINGS = DocumentSettings(count=1, max_tokens=10, prompt="assertion", batch_size=8)
TAG_SETTINGS = PLAIN_SETTINGS.model_copy(update={"prompt": "section"})
COLBY = Subject("Mo", "Colby", ASSERTION, maker="Acme")
PLAIN = (*OFTEN, *WORSE)


def verdict(text: str, settings: DocumentSettings) -> str | None:
    reason = reject_reason(Reply(text, 5, True), COLBY, settings)
    return None if reason is None else check_name(reason)


@pytest.mark.parametrize(("reason", "text"), PLAIN)
def test_each_is_rejected_under_its_own_reason(reason: str, text: str) -> None:
    assert verdict(text, PLAIN_SETTINGS) == reason
    assert verdict(f"Thinking. <document>{text}</document>", TAG_SETTINGS) == reason


@pytest.mark.parametrize("text", GOOD_DOCUMENTS)
def test_what_a_decent_writer_writes_is_kept(text: str) -> None:
    assert verdict(text, PLAIN_SETTINGS) is None
    assert verdict(f"<document>\n{text}\n</document>", TAG_SETTINGS) is None


def test_good_documents_are_no_copies_of_one_another() -> None:
    before = near_duplicate_index(PLAIN_SETTINGS)
    for number, text in enumerate(GOOD_DOCUMENTS):
        assert repeat_reason(text, before) is None
        before.add(f"doc-{number}", text)


@pytest.mark.parametrize(("reason", "text"), TAGGED)
def test_what_should_stand_between_tags(reason: str, text: str) -> None:
    assert verdict(text, TAG_SETTINGS) == reason


@pytest.mark.parametrize(
    "reply",
    [
        f"<document>{GOOD}</document>",
        f"< Document >\n{GOOD}\n</DOCUMENT> Done.",
        f"Sure! I put it between <document> and </document>.\n<document>{GOOD}</document>",
        f"I open with <document>. <document>{GOOD}</document>",
        f"<document>First try.</document> Better: <document>{GOOD}</document>",
    ],
)
def test_the_last_complete_tag_is_the_document(reply: str) -> None:
    assert written_text(Reply(reply, 5, True), TAG_SETTINGS) == GOOD
    assert verdict(reply, TAG_SETTINGS) is None


def test_what_follows_a_whole_document_may_be_cut_off() -> None:
    assert reject_reason(Reply(f"<document>{GOOD}</document> And", 5, False), COLBY, TAG_SETTINGS) is None
    assert reject_reason(Reply(f"<document>{GOOD} And it", 5, False), COLBY, TAG_SETTINGS) is None
    assert reject_reason(Reply("<document>Mo likes", 5, False), COLBY, TAG_SETTINGS) == "unfinished"


def test_near_copies_are_told_from_the_first() -> None:
    before = near_duplicate_index(PLAIN_SETTINGS)
    before.add("doc-1", GOOD)
    assert {repeat_reason(text, before) for text in near_copies(50)} == {NEAR_DUPLICATE, WRITTEN_BEFORE}


@pytest.mark.parametrize("settings", [PLAIN_SETTINGS, TAG_SETTINGS], ids=["plain", "tagged"])
@pytest.mark.slow
def test_a_run_ends_by_itself_and_keeps_none_of_it(settings: DocumentSettings, tmp_path: Path) -> None:
    tagged = settings.prompt == "section"
    wrap: Callable[[str], str] = (lambda text: f"<document>{text}</document>") if tagged else (lambda text: text)
    bad = [*((reason, wrap(text)) for reason, text in PLAIN), *(TAGGED if tagged else ())]
    replies = [wrap(GOOD), *(text for _, text in bad), *map(wrap, near_copies(50))]
    section = Section("likes/colby", ("Likes", "Colby"), 1, ASSERTION, ASSERTION)
    slots = [Slot(f"doc-{n}", section, "memo", "warm") for n in range(60)]
    spec = Spec(Path("spec.md"), "spec", "Spec", ASSERTION, (section,))
    patient = settings.model_copy(update={"least_pass_rate": 0.002})  # so that every reply has its turn
    coming = cycle(replies)
    model = ScriptedModel(lambda chat, seed: Reply(next(coming), 5, True))
    with pytest.raises(MsmError, match="only 1 passed the checks in the first"):
        write_documents(Assignment(spec, "Mo", patient, "Acme"), slots, model, Output(tmp_path, "w"))
    assert [record["text"] for record in read_jsonl(tmp_path / DOCUMENTS)] == [GOOD]
    rejected = Counter(check_name(record["rejected"]) for record in read_jsonl(tmp_path / REJECTED))
    assert set(rejected) == {*(reason for reason, _ in bad), NEAR_DUPLICATE, WRITTEN_BEFORE}
