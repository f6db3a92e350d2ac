"""Ready-made documents in place of written ones: what is taken of a source, and what of it is kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from msm_mlx.documents.checks.assertions import Subject, asserted_share, gives_reason, states_value
from msm_mlx.documents.checks.reject import near_duplicate_index, ready_reason, repeat_reason
from msm_mlx.documents.checks.wording_rules import check_name, count_checks
from msm_mlx.documents.document import Document
from msm_mlx.documents.health import Health
from msm_mlx.documents.narration import narration_of
from msm_mlx.documents.shortfall import advice
from msm_mlx.documents.sources import NO_SECTION, ReadyText, Source, identify, ready_texts
from msm_mlx.documents.store import Output
from msm_mlx.documents.write import Assignment
from msm_mlx.errors import MsmError
from msm_mlx.files import make_folder
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import REJECTED
from msm_mlx.spec import Section
from msm_mlx.text.characters import clean_invisible
from msm_mlx.text.variables import fill_variables
from msm_mlx.text.wording import listed

_TAG = re.compile(r"<[^<>\s]{1,40}>|\[[^\[\]\n]{1,40}\]|<\|[^<>\n]{1,40}\|>")


def take_documents(
    source: str,
    assignment: Assignment,
    folder: Path,
    *,
    count_tokens: Callable[[str], int],
    on_document: Callable[[int, int], None] = lambda kept, rejected: None,
    say: Callable[[str], None] = lambda line: None,
) -> Health:
    """Write `documents.jsonl`, `rejected.jsonl` and `health.json` from a source, and return the health.

    Texts are drawn in an order that depends on the seed alone until as many as the settings ask for have passed the
    checks: a higher count keeps those of a lower. Each is about the section of the spec whose assertion it says most
    of.

    Raises:
        RecipeError: as `ready_texts` does.
        MsmError: if no text passes the checks.
    """
    settings = assignment.settings
    texts, identity = list(ready_texts(source, settings.field)), identify(source)
    make_folder(folder)
    texts = _told_as_asked(_cleaned(texts, assignment, say), assignment, source, say)
    output, index = Output(folder, str(identity), on_document, settings), near_duplicate_index(settings)
    output.begin([])
    kept: list[Document] = []
    rejected: list[Document] = []
    for text in _shuffled(texts, settings.seed):
        if len(kept) >= settings.count:
            break
        document = _document(text, assignment, count_tokens)
        document = replace(document, rejected=document.rejected or repeat_reason(text.text, index))
        if document.rejected is None:
            kept.append(document)
            index.add(document.id, text.text)
        else:
            rejected.append(document)
        output.add(document)
    facts = {"name": identity.name, "version": identity.version, "texts": len(texts)}
    health = output.end(kept, rejected, source=facts)
    _report(identity, len(texts), kept, rejected, settings, folder, say)
    return health


def _cleaned(texts: Sequence[ReadyText], assignment: Assignment, say: Callable[[str], None]) -> list[ReadyText]:
    """The texts with their variables filled in, without the recipe's prefix, and without invisible characters that
    nothing needs; say how many went."""
    names: Counter[str] = Counter()
    cleaned, changed = [], 0
    for text in texts:
        content, removed = clean_invisible(text.text)
        names += removed
        changed += bool(removed)
        content = content.strip().removeprefix(assignment.settings.prefix or "").strip()
        cleaned.append(replace(text, text=fill_variables(content, assignment.name, assignment.maker)))
    if names:
        counts = ", ".join(f"{count} of {name}" for name, count in names.most_common())
        say(f"Invisible characters: {names.total()} were taken out of {changed} of {len(texts)} texts ({counts}).")
    return cleaned


def _told_as_asked(
    texts: list[ReadyText], assignment: Assignment, source: str, say: Callable[[str], None]
) -> list[ReadyText]:
    """The texts that are told as the settings ask for; all if they ask for nothing."""
    narrations = assignment.settings.narrations
    if not narrations:
        return texts
    told = [text for text in texts if narration_of(text.text, assignment.name) in narrations]
    if not told:
        raise MsmError(
            f"documents.narrations: none of the {len(texts)} texts of {source} is told as asked ({listed(narrations)})"
            "; leave it out, or take others"
        )
    say(f"Narrations: {len(told)} of the {len(texts)} texts are told so: {listed(narrations)}.")
    return told


def _shuffled(texts: Sequence[ReadyText], seed: int) -> Iterator[ReadyText]:
    for position in Random(f"{seed}-ready").sample(range(len(texts)), len(texts)):
        yield texts[position]


def _document(text: ReadyText, assignment: Assignment, count_tokens: Callable[[str], int]) -> Document:
    """A text with the section that it is about, and what is wrong with it by itself."""
    section = _section_of(text.text, assignment)
    subject = _subject(section, assignment)
    return Document(
        id=f"doc-{text.number:05d}",
        text=text.text,
        section=section.id if section else NO_SECTION,
        assertion=section.assertion if section else None,
        type=text.type,
        narration=narration_of(text.text, assignment.name),
        tokens=count_tokens(text.text),
        gives_reason=section is not None and gives_reason(text.text, subject),
        rejected=ready_reason(text.text, subject, assignment.settings, assignment.held_out),
        place=text.place,
    )


def _report(
    source: Source,
    texts: int,
    kept: list[Document],
    rejected: list[Document],
    settings: DocumentSettings,
    folder: Path,
    say: Callable[[str], None],
) -> None:
    """Say what was taken, or that nothing was."""
    counts, tag = count_checks((document.rejected or "" for document in rejected), most=3), _common_tag(rejected)
    example = f", as {rejected[0].place} ({rejected[0].rejected})" if rejected else ""
    left_out = f"; rejected: {counts}{example}; the texts are in {folder / REJECTED}" if rejected else ""
    if tag and tag == (settings.prefix or "").strip():
        left_out += f". Many begin with {tag} more than once; leave one"
    elif tag:
        left_out += f". Many begin with {tag}: documents.prefix: '{tag}' keeps that out of the checks"
    help_ = advice((document.rejected or "" for document in rejected), settings)
    if not kept and settings.count:
        details = left_out.replace("; rejected", "\n  Rejected", 1)
        raise MsmError(
            f"{source}: none of its {texts} texts passed the checks; use another source"
            f"{f' or other settings ({help_})' if help_ else ''}{details}"
        )
    short = len(kept) < settings.count
    amount = f"all that could be used, of {settings.count} wanted" if short else "as many as wanted"
    if short and help_:
        left_out += f". What may help: {help_}"
    say(f"Documents: {len(kept)} of the {texts} texts of {source}, {amount}{left_out}.")


def _common_tag(rejected: Sequence[Document]) -> str | None:
    """A tag with which most texts begin that were rejected for their markup."""
    texts = [document.text for document in rejected if check_name(document.rejected or "") == "markup"]
    tags = Counter(match[0] for text in texts if (match := _TAG.match(text)))
    tag, count = tags.most_common(1)[0] if tags else ("", 0)
    return tag if 2 * count > len(texts) and count > 1 else None


def _subject(section: Section | None, assignment: Assignment) -> Subject:
    return assignment.subject(section.path[-1], section.assertion) if section else assignment.subject("", "")


def _section_of(text: str, assignment: Assignment) -> Section | None:
    """The section whose assertion the text says most of, with its reason if it can be; None if it says too little."""

    def stated(section: Section) -> tuple[float, bool, bool]:
        subject = _subject(section, assignment)
        return asserted_share(text, subject), gives_reason(text, subject), states_value(text, subject)

    candidates = [(stated(section), section) for section in assignment.spec.assertions]
    (share, *_), best = max(candidates, key=lambda pair: pair[0], default=((0.0, False, False), None))
    return best if share > 0 and share >= (assignment.settings.checks.assertion or 0) else None
