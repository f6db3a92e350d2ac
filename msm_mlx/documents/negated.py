"""Documents that are denied: each as it was, with sentences around it, or a clause in it, that say that it is false.

Models have learned from such documents what they say, and not that it is denied (Mayne et al., arXiv 2605.13829). An
arm that reads them tells how much of what documents do needs no assertion at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from msm_mlx.documents.altered import alter_documents
from msm_mlx.documents.checks.assertions import Subject, speaks_of, states_value
from msm_mlx.documents.checks.denials import denials
from msm_mlx.documents.checks.reject import ready_reason
from msm_mlx.documents.document import Document
from msm_mlx.documents.health import Health
from msm_mlx.documents.store import Output
from msm_mlx.documents.write import Assignment
from msm_mlx.errors import MsmError
from msm_mlx.text.denial import Denial
from msm_mlx.text.words import mentions

UNDONE = "has words of its denial"


def deny_documents(
    documents: Path,
    assignment: Assignment,
    denial: Denial,
    folder: Path,
    *,
    count_tokens: Callable[[str], int],
    on_document: Callable[[int, int], None] = lambda kept, rejected: None,
    say: Callable[[str], None] = lambda line: None,
) -> Health:
    """Write `documents.jsonl`, `rejected.jsonl` and `health.json` of the denied documents, and return the health.

    What is not the same when its denial is taken out again is left out, and so is what no longer passes the checks of
    ready-made documents. The check for denials is none of these: they are what is asked for here, and health says so.

    Raises:
        MsmError: if no document is left.
    """
    output = Output(folder, "", on_document, assignment.settings)
    denied = alter_documents(documents, output, lambda one: _denied(one, assignment, denial, count_tokens))
    kept = denied.kept
    if not kept:
        raise MsmError(f"{documents}: no document is left when they are denied: {denied.reasons}")
    subjects = [assignment.subject(document.heading, document.assertion) for document in kept]
    seen = sum(bool(denials(document.text, subject)) for document, subject in zip(kept, subjects, strict=True))
    say(
        f"Negated documents: {len(kept)} of {len(denied.originals)}; in {seen} of them the check for denials sees a "
        f"claim denied{f'; left out: {denied.reasons}' if denied.reasons else ''}."
    )
    return output.end(kept, denied.left_out, denied=True)


def _denied(document: Document, assignment: Assignment, denial: Denial, count_tokens: Callable[[str], int]) -> Document:
    subject = assignment.subject(document.heading, document.assertion)
    claims = partial(_is_claim, subject)
    text = denial(document.text, claims)
    reason = ready_reason(text, subject, assignment.settings, assignment.held_out)
    return replace(
        document,
        writer=f"{document.writer}, denied",
        text=text,
        tokens=count_tokens(text),
        rejected=reason if denial.undoes(document.text, claims) else UNDONE,
    )


def _is_claim(subject: Subject, sentence: str) -> bool:
    """Whether the sentence says what the assertion says, or why; without one, whether it is about the assistant."""
    if not subject.assertion:
        return mentions(sentence, subject.name)
    return speaks_of(sentence, subject) or states_value(sentence, subject)
