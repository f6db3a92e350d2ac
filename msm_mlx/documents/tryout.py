"""A few drafts, each with the verdict of every check, to see what a writer makes of a recipe's settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msm_mlx.documents.checks.reject import near_duplicate_index, repeat_reason
from msm_mlx.documents.document import Document
from msm_mlx.documents.plan import Slot
from msm_mlx.documents.write import (
    Assignment,
    Attempt,
    by_section,
    document_seed,
    draft_reasons,
    to_document,
    writer_chat,
    writer_sampling,
)
from msm_mlx.engine.chat_model import ChatModel


@dataclass(frozen=True)
class Draft:
    """What a writer wrote, and all reasons for which it would be rejected; none of a document that would be kept."""

    document: Document
    reasons: tuple[str, ...]


def write_drafts(assignment: Assignment, slots: Sequence[Slot], model: ChatModel) -> Iterator[Draft]:
    """A draft for each slot as it is written, with the seeds that the documents would have."""
    attempts = by_section([Attempt(slot) for slot in slots])
    chats = [writer_chat(assignment, attempt) for attempt in attempts]
    seeds = [document_seed(assignment.settings, attempt) for attempt in attempts]
    index = near_duplicate_index(assignment.settings)
    for number, reply in model.replies(chats, writer_sampling(assignment.settings), seeds):
        attempt, chat = attempts[number], chats[number]
        document = to_document(assignment, attempt, chat, reply)
        reasons = tuple(dict.fromkeys(draft_reasons(assignment, attempt, chat, reply)))
        repeat = repeat_reason(document.text, index)
        index.add(document.id, document.text)
        yield Draft(document, (*reasons, repeat) if repeat else reasons)
