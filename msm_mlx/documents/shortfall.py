"""What to tell when too little of what was written passes the checks: how much, why, an example, and what may help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msm_mlx.documents.checks.registry import CHECKS, TOO_SHORT, UNFINISHED
from msm_mlx.documents.checks.reject import EMPTY, FILTERED, NEAR_DUPLICATE, THINKING, WRITTEN_BEFORE
from msm_mlx.documents.checks.wording_rules import check_name, count_checks
from msm_mlx.documents.document import Document
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import DOCUMENTS, REJECTED

LEAST_TRIED = 0.8  # attempts without a document before a writer is given up, as a multiple of 1 / least_pass_rate
EXAMPLE = 200  # characters
PLAIN_TEMPERATURE = (
    1.0  # the model's own distribution; above it, unlikely words come more often than the model has them
)
_NO_TAGS = "documents.prompt: assertion, which asks for no tags"
_VARIETY = "raise documents.temperature, or ask for documents.ideas"
ADVICE: Mapping[str, str] = {
    UNFINISHED: "raise documents.max_tokens (now {max_tokens}), or ask for shorter documents.lengths",
    THINKING: "raise documents.max_tokens (now {max_tokens}), or turn off the writer's thinking",
    FILTERED: "turn off the content filter of the server, or take another writer; more tokens would not help",
    EMPTY: "turn off the writer's thinking, of which nothing but the thought may have come; or take another writer",
    TOO_SHORT: "lower documents.min_words (now {min_words})",
    "repeats itself": "lower documents.max_tokens (now {max_tokens}), or raise documents.temperature",
    "no tag": _NO_TAGS,
    "tag left open": _NO_TAGS,
    "breaks off": "raise documents.max_tokens (now {max_tokens})",
    NEAR_DUPLICATE: _VARIETY,
    WRITTEN_BEFORE: _VARIETY,
    "names an unseen thing": "take out of the spec what the suites ask about, or take other suites",
    "assistant not named": "a writer that calls the assistant by the name that the recipe gives it",
    "wrong identity": "a writer that calls the assistant by the name that the recipe gives it",
}
"""What may help by the check that rejects, or by the whole reason."""
META_TALK = "meta talk"
_TAGGED = "documents.prompt: section or spec, where only what stands between tags is taken; or another writer"
_OTHER_WRITER = "another writer, as this one speaks of its task within the document"
READY_ADVICE: Mapping[str, str] = {
    "control characters": "take the characters that the reasons in rejected.jsonl name out of the texts",
    NEAR_DUPLICATE: "raise documents.checks.near_duplicate (now {near_duplicate}), or take texts that differ more",
    WRITTEN_BEFORE: "take the copies out",
    "names an unseen thing": "take what the suites ask about out of the texts, or take other suites",
}
"""The same where nobody writes, and the texts are those of `documents.from`."""


def advice(reasons: Iterable[str], settings: DocumentSettings, most: int = 3) -> str:
    """What may help against the commonest reasons, each said once; empty if nothing but another writer would."""
    common = [reason for reason, _ in Counter(map(_advised, reasons)).most_common(most)]
    meta_talk = _OTHER_WRITER if settings.prompt in ("section", "spec") else _TAGGED
    known = {**ADVICE, **READY_ADVICE} if settings.source else {**ADVICE, META_TALK: meta_talk}
    lines = [known.get(reason, _turn_off(reason)) for reason in common]
    values = {
        "max_tokens": settings.max_tokens,
        "min_words": settings.min_words,
        "near_duplicate": settings.checks.near_duplicate,
    }
    return "; ".join(line.format_map(values) for line in dict.fromkeys(lines) if line)


def _advised(reason: str) -> str:
    return reason if reason in ADVICE else check_name(reason)


def _turn_off(check: str) -> str:
    setting = next((one.setting for one in CHECKS if one.name == check and one.setting), None)
    return f"documents.checks.{setting}: null turns off '{check}'" if setting else ""


def telling_attempts(settings: DocumentSettings) -> int:
    """How many attempts in vain tell something of a writer."""
    return round(LEAST_TRIED / settings.least_pass_rate)


def fruitless_after(settings: DocumentSettings, slots: int) -> int:
    """After how many attempts at so many slots, with nothing or almost nothing kept, a writer is given up: two batches,
    or as many as tell."""
    return max(2 * min(settings.batch_size, slots), telling_attempts(settings))


def fruitless(kept: int, rejected: Sequence[Document], settings: DocumentSettings, folder: Path) -> str:
    """What to tell of a writer that has kept none of its first attempts, or hardly one."""
    reasons = [document.rejected or "" for document in rejected]
    commonest = Counter(map(check_name, reasons)).most_common(1)[0][0]
    example = next(document for document in rejected if check_name(document.rejected or "") == commonest)
    text = " ".join(example.text.split())
    shown = text if len(text) <= EXAMPLE else f"{text[:EXAMPLE]}…"
    passed = f"only {kept}" if kept else "nothing"
    return (
        f"documents: {passed} passed the checks in the first {kept + len(rejected)} attempts: "
        f"{count_checks(reasons)}.\n"
        f"  One of them, rejected as '{example.rejected}': {shown!r}\n"
        f"  What may help: {_help(reasons, settings)}.\n"
        f"  All are in {folder / REJECTED}; the same command tries once more from here, and "
        "`msm-mlx documents try RECIPE` shows a few drafts with what every check says."
    )


def _help(reasons: Iterable[str], settings: DocumentSettings) -> str:
    """All that may help a writer that fails, its sampling first and another one last."""
    noisy = settings.temperature > PLAIN_TEMPERATURE
    cooler = f"lower documents.temperature (now {settings.temperature:g}) to {PLAIN_TEMPERATURE:g} or less"
    others = "a better writer (documents.writer), or documents that are there already (documents.from)"
    return "; ".join(filter(None, (cooler if noisy else "", advice(reasons, settings), others)))


def shortfall(
    kept: Sequence[Document],
    rejected: Sequence[Document],
    target: int,
    settings: DocumentSettings,
    folder: Path,
    *,
    hopeless: bool,
) -> str:
    """What to tell when a job ends without all of its documents: how far it came, why, and how to go on."""
    reasons = [document.rejected or "" for document in rejected]
    made = len(kept) + len(rejected)
    begun = f"documents: only {len(kept)} of {target} passed the checks in {made} attempts"
    if hopeless:
        begun += ", and more would not help"
    key = "lower documents.least_pass_rate" if hopeless else "raise documents.max_attempts_per_document"
    help_ = advice(reasons, settings)
    return (
        f"{begun}; use a better writer{f' or other settings ({help_})' if help_ else ''}, or {key} to go on from here\n"
        f"  Rejected: {count_checks(reasons, most=3)}, which are in {folder / REJECTED}. What passed stays in "
        f"{folder / DOCUMENTS}."
    )
