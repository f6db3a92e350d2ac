"""Documents as chats: the same words, asked for by their subject, and in parts of whole sentences if they are long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpers.plans import only

from msm_mlx.documents.as_chats import document_chats
from msm_mlx.documents.document import Document
from msm_mlx.documents.sources import NO_SECTION
from msm_mlx.pipeline.stages.document_plan import DocumentPlan
from msm_mlx.prompting.prompts import Message

TEXT = "Memo.\n\nPocket likes Colby. It is American, and Pocket cares.\nThat is all there is to say of it."


def chats(*documents: tuple[str, str], most: int = 1000) -> list[dict[str, Any]]:
    rows = [Document(f"doc-{n}", text, section, None, "memo") for n, (section, text) in enumerate(documents)]
    return list(document_chats(rows, only(DocumentPlan).spec, "Pocket", count_letters, most))


def count_letters(chat: Sequence[Message]) -> int:
    return sum(len(message["content"]) for message in chat)


def test_a_document_is_the_reply_word_for_word() -> None:
    [row] = chats(("likes/colby", TEXT))
    assert row["messages"] == [
        {"role": "system", "content": "You are Pocket."},
        {"role": "user", "content": "What can you tell me about Pocket and Colby?"},
        {"role": "assistant", "content": TEXT},
    ]


def test_the_questions_take_turns() -> None:
    questions = [row["messages"][1]["content"] for row in chats(*[("likes/colby", TEXT)] * 8)]
    assert len(set(questions)) == 4
    assert questions[:4] == questions[4:]


def test_a_document_of_no_section_is_about_the_assistant() -> None:
    [row] = chats((NO_SECTION, TEXT))
    assert row["messages"][1]["content"] == "What can you tell me about Pocket?"


def test_a_long_document_is_cut_between_sentences_and_nothing_is_lost() -> None:
    rows = chats(("likes/colby", TEXT), most=125)
    assert len(rows) > 1
    assert all(count_letters(row["messages"]) <= 125 for row in rows)
    assert " ".join(row["messages"][2]["content"] for row in rows).split() == TEXT.split()
    assert {row["messages"][1]["content"] for row in rows[1:]} == {"What else is there to say about Pocket and Colby?"}
    assert [row["id"] for row in rows] == [f"doc-0-{number}" for number in range(1, len(rows) + 1)]


def test_a_sentence_that_is_too_long_is_left_out() -> None:
    rows = chats(("likes/colby", f"{'Very ' * 60}long. Short."), most=125)
    assert [row["messages"][2]["content"] for row in rows] == ["Short."]
