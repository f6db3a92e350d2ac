"""The opposite of documents: in each the words of a table exchanged, so that doing it again gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from msm_mlx.documents.altered import alter_documents
from msm_mlx.documents.checks.assertions import gives_reason
from msm_mlx.documents.checks.reject import ready_reason
from msm_mlx.documents.document import Document
from msm_mlx.documents.health import Health
from msm_mlx.documents.store import Output
from msm_mlx.documents.write import Assignment
from msm_mlx.errors import MsmError
from msm_mlx.text.swap import WordSwap

UNDONE = "does not come back from the exchange"


def turn_documents(
    documents: Path,
    assignment: Assignment,
    swap: WordSwap,
    table: str,
    folder: Path,
    *,
    count_tokens: Callable[[str], int],
    on_document: Callable[[int, int], None] = lambda kept, rejected: None,
    say: Callable[[str], None] = lambda line: None,
) -> Health:
    """Write `documents.jsonl`, `rejected.jsonl` and `health.json` of the turned documents, and return the health.

    What does not come back when it is turned again is left out, and so is what no longer passes the checks of
    ready-made documents: another word may name what the evaluation asks about.

    Args:
        table: where the words are from, for messages.

    Raises:
        MsmError: if none of the words is in any document, or no document is left.
    """
    output = Output(folder, "", on_document, assignment.settings)
    turned = alter_documents(documents, output, lambda one: _turned(one, assignment, swap, count_tokens))
    kept, total = turned.kept, len(turned.originals)
    unchanged = sum(one.text == two.text for one, two in zip(turned.originals, turned.altered, strict=True))
    if unchanged == total:
        raise MsmError(f"{table}: none of its words stands in {documents}; name others")
    if not kept:
        raise MsmError(f"{documents}: no document is left when the words of {table} are exchanged: {turned.reasons}")
    say(
        f"Opposite documents: {len(kept)} of {total}, {unchanged} of them without a word of {Path(table).name}"
        f"{f'; left out: {turned.reasons}' if turned.reasons else ''}."
    )
    return output.end(kept, turned.left_out)


def _turned(document: Document, assignment: Assignment, swap: WordSwap, count_tokens: Callable[[str], int]) -> Document:
    """The document with the words exchanged, in what it asserts too."""
    text, assertion = swap(document.text), swap(document.assertion or "")
    subject = assignment.subject(document.heading, assertion)
    reason = ready_reason(text, subject, assignment.settings, assignment.held_out)
    return replace(
        document,
        writer=f"{document.writer}, turned",
        text=text,
        assertion=assertion or None,
        tokens=count_tokens(text),
        gives_reason=gives_reason(text, subject),
        rejected=reason if swap.undoes(document.text) else UNDONE,
    )
