"""The opposite of documents: in each the words of a table exchanged, so that doing it again gives the same bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from msm_mlx.documents.checks.assertions import gives_reason
from msm_mlx.documents.checks.reject import ready_reason
from msm_mlx.documents.document import Document, read_documents
from msm_mlx.documents.health import Health
from msm_mlx.documents.store import Output
from msm_mlx.documents.write import Assignment
from msm_mlx.errors import MsmError
from msm_mlx.files import make_folder
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
    originals = read_documents(documents)
    make_folder(folder)
    output = Output(folder, "", on_document, assignment.settings)
    output.begin([])
    turned = [_turned(document, assignment, swap, count_tokens) for document in originals]
    for document in turned:
        output.add(document)
    kept = [document for document in turned if document.rejected is None]
    left_out = [document for document in turned if document.rejected is not None]
    unchanged = sum(one.text == two.text for one, two in zip(originals, turned, strict=True))
    if unchanged == len(originals):
        raise MsmError(f"{table}: none of its words stands in {documents}; name others")
    counts = ", ".join(f"{n} {reason}" for reason, n in Counter(one.rejected for one in left_out).most_common())
    if not kept:
        raise MsmError(f"{documents}: no document is left when the words of {table} are exchanged: {counts}")
    say(
        f"Opposite documents: {len(kept)} of {len(originals)}, {unchanged} of them without a word of {Path(table).name}"
        f"{f'; left out: {counts}' if counts else ''}."
    )
    return output.end(kept, left_out)


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
