"""Whether a written or a ready-made text becomes a document, and the reason why it is rejected."""

from __future__ import annotations

from collections.abc import Iterator

from msm_mlx.documents.checks.assertions import Subject
from msm_mlx.documents.checks.refusals import refusals
from msm_mlx.documents.checks.registry import CHECKS, UNFINISHED, Candidate
from msm_mlx.documents.checks.tags import has_tag, without_thought, written_text
from msm_mlx.documents.near_duplicates import NearDuplicateIndex
from msm_mlx.engine.chat_model import Reply
from msm_mlx.prompting.replies import is_thinking, strip_thinking
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.suites.contamination import HeldOut

WRITTEN_BEFORE, NEAR_DUPLICATE = "written before", "near-duplicate"
EMPTY = "empty reply"
FILTERED = "cut by a content filter"
THINKING = f"{UNFINISHED}: still thinking"
NOTHING = HeldOut()


def text_reasons(candidate: Candidate) -> Iterator[str]:
    """The reasons of all checks that a text fails, in their order."""
    return (reason for check in CHECKS if (reason := check.reason(candidate)))


def text_reason(candidate: Candidate) -> str | None:
    """The reason of the first check that a text fails, or None."""
    return next(text_reasons(candidate), None)


def reject_reason(
    reply: Reply, subject: Subject, settings: DocumentSettings, held_out: HeldOut = NOTHING
) -> str | None:
    """Why `reply` becomes no document, or None. What is `held_out` is for the evaluation alone."""
    return next(reject_reasons(reply, subject, settings, held_out), None)


def reject_reasons(
    reply: Reply, subject: Subject, settings: DocumentSettings, held_out: HeldOut = NOTHING
) -> Iterator[str]:
    """All reasons why `reply` becomes no document: one if there is no document in it, else one of each check."""
    text = written_text(reply, settings)
    if reply.filtered:
        yield FILTERED
    elif not without_thought(reply.text).strip() and reply.finished:
        yield EMPTY
    elif is_thinking(reply.text):
        yield THINKING  # a thought may hold a draft
    elif settings.thinking and not reply.finished and strip_thinking(reply.text) == reply.text:
        yield UNFINISHED  # in a thought that the template has opened
    elif text is None:
        yield untagged_reason(reply)
    else:
        # what is cut at max_tokens has a whole document, or an end at a whole sentence
        finished = reply.finished or settings.prompt != "assertion"
        yield from text_reasons(Candidate(text, finished, subject, settings, held_out))


def untagged_reason(reply: Reply) -> str:
    """Why there is no document in a reply that should have had it between tags."""
    text = without_thought(reply.text)
    if not reply.finished:
        return THINKING if is_thinking(text) else UNFINISHED
    if not text.strip():
        return EMPTY
    if rules := refusals(text):
        return f"refusal: {rules[0]}"
    return "tag left open" if has_tag(text) else "no tag"


def ready_reason(text: str, subject: Subject, settings: DocumentSettings, held_out: HeldOut = NOTHING) -> str | None:
    """Why a ready-made text becomes no document, or None.

    Nobody has asked for it, so it is held against no request: what is checked is the text itself. Without
    `evaluation_overlap` it may also name what the evaluation asks about.
    """
    is_allowed = settings.checks.evaluation_overlap is None
    candidate = Candidate(text, True, subject, settings, NOTHING if is_allowed else held_out)
    return next((reason for check in CHECKS if not check.of_request and (reason := check.reason(candidate))), None)


def repeat_reason(text: str, index: NearDuplicateIndex, excluding: str | None = None) -> str | None:
    """Why `text` repeats a document of the index, or None. It may be nearly the same as the one called `excluding`."""
    if index.copy_of(text) is not None:
        return WRITTEN_BEFORE
    return NEAR_DUPLICATE if index.nearest(text, excluding) is not None else None


def near_duplicate_index(settings: DocumentSettings) -> NearDuplicateIndex:
    """An empty index with the threshold of the recipe."""
    return NearDuplicateIndex(settings.checks.near_duplicate)
