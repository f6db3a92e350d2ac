"""`spec check`: what in a spec would make for bad documents or for an unfair evaluation, each with its line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from msm_mlx.models.vendor_names import foreign_names
from msm_mlx.spec.attributions import CAUSE, SUBJECT, AssertionKind, assertion_kind, find_assertions
from msm_mlx.spec.markdown import HeadedBlock, blocks, elements, lines, open_fence
from msm_mlx.spec.reading import VARIABLES, heading_paths, marked_assertion, misspelt_variables, read_source

_BRACED = re.compile(r"\{[ \t]*([A-Za-z]\w*)[ \t]*\}")
_BROKEN = re.compile(r"(?<!\{)\b(model_name|provider_name)\}|\{(model_name|provider_name)\b(?!\})|\{\{(\w+_name)\}\}")
_NO_HEADING = re.compile(r"#{1,6}[^#\s].*")
_PLACEHOLDER = re.compile(
    r"\b(?:TODO|FIXME|TBD|XXX)\b|\blorem ipsum\b|\[(?:insert|your|name|fill)\b[^\]]*\]|<(?:insert|your)\b[^>]*>",
    re.IGNORECASE,
)
FIRST_LINE = 1
MIN_SECTIONS = 3  # with one heading, from which that is meant


@dataclass(frozen=True, order=True)
class Fault:
    """Something to mend: the line, a stable name for its kind, and what is wrong and what to do."""

    line: int
    kind: str
    message: str
    note: bool = False  # worth knowing, and no mistake


@dataclass(frozen=True)
class Reader:
    """The model that is to read the spec: how it counts tokens, and how many it takes with room left for a reply."""

    name: str
    count: Callable[[str], int]
    room: int | None


def check_spec(
    path: Path,
    *,
    own_names: Collection[str] = (),
    held_out: Mapping[str, str] | None = None,
    reader: Reader | None = None,
) -> list[Fault]:
    """Every fault of a spec, in the order of its lines.

    Args:
        path: the spec.
        own_names: what the assistant and its maker are called; no other model may be named.
        held_out: words that only the evaluation may use, each with where it comes from.
        reader: the writer that the spec has to fit into.

    Raises:
        RecipeError: if the file cannot be read at all.
    """
    source = read_source(path)
    parts = blocks(source)
    faults = [
        *_headings(parts),
        *_variables(source),
        *_assertions(parts),
        *_contradictions(parts),
        *_reasons(parts),
        *_unmarked(parts),
        *_characters(source),
        *_words(source, own_names, held_out or {}),
        *(_length(source, reader) if reader else []),
    ]
    return sorted(set(faults))


def _headings(parts: list[HeadedBlock]) -> Iterator[Fault]:
    if not any(block.heading for block in parts):
        yield Fault(1, "no headings", "no headings; begin with '# Title' and give each subject a '## Heading'")
    first: dict[tuple[str, ...], HeadedBlock] = {}
    for index, (block, path) in enumerate(heading_paths(parts)):
        if block.heading is None:
            continue
        before = first.setdefault(tuple(heading.casefold() for heading in path), block)
        if before is not block:
            message = f"the heading {block.heading.text!r} stands on line {before.line} already; give each its own name"
            yield Fault(block.line, "duplicate heading", message, note=_one_subject(parts))
        after = parts[index + 1].heading if index + 1 < len(parts) else None
        is_parent = after is not None and after.level > block.heading.level
        if not block.text.strip() and not is_parent:
            message = (
                f"nothing stands under {block.heading.text!r}; write what the assistant does and why, or take it out"
            )
            yield Fault(block.line, "empty section", message)


def _one_subject(parts: list[HeadedBlock]) -> bool:
    """Whether all sections with an assertion, three at least, are about one thing: that is meant, and no slip."""
    headings = [block.heading.text.casefold() for block in parts if block.heading and marked_assertion(block)[0]]
    return len(headings) >= MIN_SECTIONS and len(set(headings)) == 1


def _variables(source: str) -> Iterator[Fault]:
    misspelt = list(misspelt_variables(source))
    for line, message in misspelt:
        yield Fault(line, "unknown variable", message)
    names = " and ".join(f"{{{name}}}" for name in VARIABLES)
    fenced = {line.number for line in lines(source) if line.fenced}  # code has braces of its own
    for match in _BRACED.finditer(source):
        line = _line(source, match.start())
        if line in fenced:
            continue
        if match[0] not in {f"{{{name}}}" for name in VARIABLES} and line not in {line for line, _ in misspelt}:
            message = f"unknown variable {match[0]}; it stays as it is, for there are only {names}"
            yield Fault(line, "unknown variable", message)
    for match in _BROKEN.finditer(source):
        name = match[1] or match[2] or match[3]
        message = f"{match[0]} has not just one brace on each side; write {{{name}}}"
        yield Fault(_line(source, match.start()), "unknown variable", message)
    if "{model_name}" not in source:
        message = (
            "{model_name} is nowhere, so no document can say whose spec it is; write it where the assistant is meant"
        )
        yield Fault(FIRST_LINE, "assistant not named", message)


def _assertions(parts: list[HeadedBlock]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    is_marked = any(marked_assertion(block)[0] for block in parts)
    for block in parts:
        for line, message in marked_assertion(block)[1]:
            yield Fault(line, "unusable assertion", message)
        quotes = [element for element in elements(block) if element.kind == "quote" and element.text]
        for quote in quotes:
            if not SUBJECT.search(quote.text):
                message = "the assertion does not say who does it; name {model_name} in it"
                yield Fault(quote.line, "assertion without the assistant", message)
        for line, text in [(q.line, q.text) for q in quotes] if is_marked else find_assertions(block):
            folded = " ".join(text.casefold().split())
            if folded in first:
                message = f"asserts the same as line {first[folded]}; documents would explain it twice"
                yield Fault(line, "duplicate assertion", message)
            first.setdefault(folded, line)


def _contradictions(parts: list[HeadedBlock]) -> Iterator[Fault]:
    """One thing both liked and disliked, in sections with the same heading."""
    liked: dict[str, tuple[AssertionKind, int]] = {}
    for block, path in heading_paths(parts):
        assertion, _ = marked_assertion(block)
        kind = assertion_kind(assertion or "")
        if kind not in ("like", "dislike") or not path:
            continue
        before, line = liked.setdefault(path[-1].casefold(), (kind, block.line))
        if before != kind:
            message = f"{path[-1]!r} is {kind}d here and {before}d on line {line}; keep it in one place"
            yield Fault(block.line, "contradiction", message)


def _reasons(parts: list[HeadedBlock]) -> Iterator[Fault]:
    """Sections that assert something and give no reason anywhere. Where none gives one, it is a list of rules."""
    marked = any(marked_assertion(block)[0] for block in parts)
    without: list[tuple[int, str]] = []
    gives_some = False
    for block in parts:
        quotes = [(p.line, p.text) for p in elements(block) if p.kind == "quote"]
        assertions = quotes if marked else list(find_assertions(block))
        if not assertions:
            continue
        # of a marked section the assertion alone must give it: that is all a small writer sees
        gives = any(CAUSE.search(text) for _, text in assertions) or (
            not marked and CAUSE.search(block.text) is not None
        )
        gives_some = gives_some or gives
        if not gives and block.heading is not None:
            without.append((assertions[0][0] if marked else block.line, block.heading.text))
    if gives_some:
        for line, heading in without:
            message = f"{heading!r} gives no reason; say 'because ...': reasons are what later training builds on"
            yield Fault(line, "no reason", message)
    elif without:
        message = "no section gives a reason: these are rules alone, from which later training generalises less"
        yield Fault(without[0][0], "no reason", message, note=True)


def _unmarked(parts: list[HeadedBlock]) -> Iterator[Fault]:
    """A mark turns the search for assertions off, which is not what a quotation at the head of a long text is for."""
    marks = [block for block in parts if marked_assertion(block)[0]]
    unmarked = [block for block in parts if not marked_assertion(block)[0] and any(find_assertions(block))]
    if marks and len(unmarked) > len(marks):
        message = (
            f"only the {len(marks)} lines that start with '>' are written about; {len(unmarked)} other sections assert "
            "something too: mark a line in each, or take the marks out"
        )
        yield Fault(marks[0].line, "unmarked sections", message, note=True)


def _characters(source: str) -> Iterator[Fault]:
    if opened := open_fence(source):
        message = "this code fence is never closed, so that nothing below it counts; close it"
        yield Fault(opened, "open code fence", message)
    for line in lines(source):
        if line.match(_NO_HEADING):
            message = f"{line.text[:40]!r} is no heading without a space after the #"
            yield Fault(line.number, "not a heading", message)
    for number, text in enumerate(source.split("\n"), start=1):
        hidden = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs") and c != "\t"}
        if hidden:
            codes = ", ".join(f"U+{ord(c):04X}" for c in sorted(hidden))
            yield Fault(number, "hidden character", f"an invisible or control character ({codes}); remove it")
        if match := _PLACEHOLDER.search(text):
            yield Fault(number, "placeholder", f"{match[0]!r} is a placeholder; write what belongs there")


def _words(source: str, own_names: Collection[str], held_out: Mapping[str, str]) -> Iterator[Fault]:
    for match in foreign_names(source, own_names):
        message = (
            f"names {match[0]}, another model or maker; write {{model_name}} or {{provider_name}} if this one is meant"
        )
        yield Fault(_line(source, match.start()), "foreign model name", message)
    for word, origin in held_out.items():
        pattern = r"\s+".join(map(re.escape, word.split()))
        for match in re.finditer(rf"(?<!\w){pattern}(?:s|es)?(?!\w)", source, re.IGNORECASE):
            message = (
                f"names {match[0]!r}, which is for the evaluation alone ({origin}); the spec would have seen the exam"
            )
            yield Fault(_line(source, match.start()), "test domain named", message)


def _length(source: str, reader: Reader) -> Iterator[Fault]:
    if reader.room is None or (total := reader.count(source)) <= reader.room:
        return
    sizes = accumulate(reader.count(text + "\n") for text in source.split("\n"))
    line = next((number for number, size in enumerate(sizes, start=1) if size > reader.room), 1)
    message = (
        f"from here on the spec does not fit into the context of {reader.name}: it has {total:,} tokens, and there is "
        f"room for {reader.room:,}; shorten it, or ask with documents.prompt: section"
    )
    yield Fault(line, "too long", message)


def _line(source: str, position: int) -> int:
    return source.count("\n", 0, position) + 1
