"""`spec check`: what in a spec would make for bad documents or for an unfair evaluation, each with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from msm_mlx.models.vendor_names import foreign_names
from msm_mlx.spec.attributions import AssertionKind, Reading, assertion_kind, read_blocks
from msm_mlx.spec.causes import CAUSE, SUBJECT
from msm_mlx.spec.faults import Fault, line_ranges
from msm_mlx.spec.formats import other_formats, why_no_headings
from msm_mlx.spec.left_out import notes_on_what_is_left_out
from msm_mlx.spec.markdown import HeadedBlock, Markdown, read_markdown
from msm_mlx.spec.reading import (
    EMPTY_MARK,
    empty_marks,
    heading_paths,
    marks,
    misspelt_variables,
    read_source,
)
from msm_mlx.text.characters import hidden_characters
from msm_mlx.text.variables import VARIABLES

_BRACED = re.compile(r"\{[ \t]*([A-Za-z]\w*)[ \t]*\}")
_BROKEN = re.compile(r"(?<!\{)\b(model_name|provider_name)\}|\{(model_name|provider_name)\b(?!\})|\{\{(\w+_name)\}\}")
_NO_HEADING = re.compile(r"#{1,6}[^#\s].*|\uff03+.*")
_TAGS = re.compile(r"#[\w/-]+(?:[ \t]+#[\w/-]+)+[ \t]*")  # of notes, as "#draft #policy"
_DEEP_HEADING = re.compile(r" {0,3}#{7,}[ \t].*")
# what chat templates of the usual families write around a turn; `<s>` with its end is HTML
_CONTROL_TOKEN = re.compile(
    r"<[|\uff5c][^<>|\uff5c\n]{1,40}[|\uff5c]>|\[/?INST\]|<</?SYS>>|</?(?:start_of_turn|end_of_turn|bos|eos|pad|unk|think)>"
    r"|<s>(?!.*</s>)|(?<!<s>)(?<!\w)</s>(?<!<s></s>)|\[/?(?:TOOL_CALLS|AVAILABLE_TOOLS|SYSTEM_PROMPT|THINK)\]"
)
_PLACEHOLDER = re.compile(
    r"\b(?:TODO|FIXME|TBD|XXX)\b|\blorem ipsum\b|\[(?:insert|your|name|fill)\b[^\]]*\]|<(?:insert|your)\b[^>]*>",
    re.IGNORECASE,
)
_UNSAID_REASON = re.compile(r"(?:[;:]|\s[\u2013\u2014-]{1,3})\s+\S+\s+\S+\s+\S|\(\S+\s+\S+\s+\S[^()]{0,200}\)")
FIRST_LINE = 1
MIN_SECTIONS = 3  # with one heading, from which that is meant


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
    markdown = read_markdown(source)
    parts = markdown.blocks
    readings = read_blocks(parts)
    faults = [
        *_headings(parts, source, readings),
        *_ids(parts),
        *_variables(source, markdown),
        *_assertions(parts, readings),
        *_contradictions(parts),
        *_reasons(parts, readings),
        *notes_on_what_is_left_out(markdown, source, readings),
        *_unread(source, markdown),
        *_characters(source),
        *_words(source, own_names, held_out or {}),
        *(_length(source, reader) if reader else []),
    ]
    return sorted(set(faults))


def _headings(parts: Sequence[HeadedBlock], source: str, readings: Sequence[Reading]) -> Iterator[Fault]:
    if not any(block.heading for block in parts):
        asserts = any(reading.assertions for reading in readings) or any(map(marks, parts))
        yield Fault(1, "no headings", f"no headings; {why_no_headings(source)}", note=asserts)
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
            remedy = "write what the assistant does and why, or take it out"
            if block.heading.is_underlined and SUBJECT.search(block.heading.text):
                remedy = "the line below it makes it a heading: put an empty line between them if it is text"
            message = f"nothing stands under {block.heading.text!r}; {remedy}"
            yield Fault(block.line, "empty section", message)


def _ids(parts: Sequence[HeadedBlock]) -> Iterator[Fault]:
    """Ids that headings give themselves, and that another one has already."""
    first: dict[str, int] = {}
    for block in parts:
        name = block.heading.id if block.heading else None
        if name and first.setdefault(name, block.line) != block.line:
            message = f"the id {name!r} stands on line {first[name]} already; give each heading its own"
            yield Fault(block.line, "duplicate id", message)


def _one_subject(parts: Sequence[HeadedBlock]) -> bool:
    """Whether all sections with an assertion, three at least, are about one thing: that is meant, and no slip."""
    headings = [block.heading.text.casefold() for block in parts if block.heading and marks(block)]
    return len(headings) >= MIN_SECTIONS and len(set(headings)) == 1


def _variables(source: str, markdown: Markdown) -> Iterator[Fault]:
    misspelt = list(misspelt_variables(source))
    for line, message in misspelt:
        yield Fault(line, "unknown variable", message)
    names = " and ".join(f"{{{name}}}" for name in VARIABLES)
    for match in _BRACED.finditer(source):
        line = _line(source, match.start())
        if line in markdown.code:  # it has braces of its own
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


def _assertions(parts: Sequence[HeadedBlock], readings: Sequence[Reading]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    is_marked = any(marks(block) for block in parts)
    for block, reading in zip(parts, readings, strict=True):
        for line in empty_marks(block):
            yield Fault(line, "unusable assertion", EMPTY_MARK)
        quotes = marks(block)
        for quote in quotes:
            if not SUBJECT.search(quote.text):
                message = "the assertion does not say who does it; name {model_name} in it"
                yield Fault(quote.line, "assertion without the assistant", message)
        for line, text in [(q.line, q.text) for q in quotes] if is_marked else reading.assertions:
            folded = " ".join(text.casefold().split())
            if folded in first:
                message = f"asserts the same as line {first[folded]}; documents would explain it twice"
                yield Fault(line, "duplicate assertion", message)
            first.setdefault(folded, line)


def _contradictions(parts: Sequence[HeadedBlock]) -> Iterator[Fault]:
    """One thing both liked and disliked, in sections with the same heading."""
    liked: dict[str, tuple[AssertionKind, int]] = {}
    for block, path in heading_paths(parts):
        quotes = marks(block)
        kind = assertion_kind(quotes[0].text if quotes else "")
        if kind not in ("like", "dislike") or not path:
            continue
        before, line = liked.setdefault(path[-1].casefold(), (kind, block.line))
        if before != kind:
            message = f"{path[-1]!r} is {kind}d here and {before}d on line {line}; keep it in one place"
            yield Fault(block.line, "contradiction", message)


def _reasons(parts: Sequence[HeadedBlock], readings: Sequence[Reading]) -> Iterator[Fault]:
    """Assertions without a reason. Where none has one, it is a list of rules."""
    quotes = [(block, mark) for block in parts for mark in marks(block)]
    if not quotes:
        yield from _reasons_beside([pair for reading in readings for pair in reading.assertions])
        return
    sections = [(block, marks(block)) for block in parts if marks(block)]
    # of a marked section the assertion alone must give it: that is all a small writer sees
    without = [(block, own) for block, own in sections if not any(CAUSE.search(mark.text) for mark in own)]
    if len(without) == len(sections):
        message = "no section gives a reason: these are rules alone, from which later training generalises less"
        yield Fault(without[0][1][0].line, "no reason", message, note=True)
        return
    for block, own in without:
        if block.heading is None:
            continue
        line, heading = own[0].line, block.heading.text
        if _UNSAID_REASON.search(own[0].text):
            message = f"{heading!r} leaves it open whether it gives a reason; say 'because ...' if it does"
            yield Fault(line, "no reason", message, note=True)
            continue
        message = f"{heading!r} gives no reason; say 'because ...': reasons are what later training builds on"
        yield Fault(line, "no reason", message)


def _reasons_beside(assertions: Sequence[tuple[int, str]]) -> Iterator[Fault]:
    """A note on the assertions of a spec without marks in whose own words there is no reason."""
    without = [line for line, text in assertions if not CAUSE.search(text)]
    if without and len(without) == len(assertions):
        message = "no assertion gives a reason: these are rules alone, from which later training generalises less"
        yield Fault(without[0], "no reason", message, note=True)
    elif without:
        message = (
            f"{line_ranges(without)}: asserted without a reason; say it in the same sentence with 'because', or below "
            "it after 'Why:', since reasons are what later training builds on"
        )
        yield Fault(without[0], "no reason", message, note=True)


def _unread(source: str, markdown: Markdown) -> Iterator[Fault]:
    """What hides the text after it, and headings that are none."""
    if markdown.open_fence:
        message = "this code fence is never closed, so that nothing below it counts; close it"
        yield Fault(markdown.open_fence, "open code fence", message)
    opened = source.rfind("<!--")
    if opened > source.rfind("-->") and _line(source, opened) not in markdown.code:
        yield Fault(_line(source, opened), "open comment", "this comment is never closed; write --> where it ends")
    for number, text in enumerate(source.split("\n"), start=1):
        if number not in markdown.code and _NO_HEADING.fullmatch(text) and not _TAGS.fullmatch(text):
            message = f"{text[:40]!r} is no heading without a space after the #"
            yield Fault(number, "not a heading", message)
        if number not in markdown.code and _DEEP_HEADING.fullmatch(text):
            message = f"{text[:40]!r} is no heading, as they have six # at most; give it fewer"
            yield Fault(number, "not a heading", message)
    for format_ in other_formats(source):
        if format_.line not in markdown.code:
            yield Fault(format_.line, "not markdown", str(format_))


def _characters(source: str) -> Iterator[Fault]:
    for number, text in enumerate(source.split("\n"), start=1):
        if hidden := hidden_characters(text):
            codes = ", ".join(f"U+{ord(c):04X}" for c in sorted(hidden))
            yield Fault(number, "hidden character", f"an invisible or control character ({codes}); remove it")
        if match := _PLACEHOLDER.search(text):
            yield Fault(number, "placeholder", f"{match[0]!r} is a placeholder; write what belongs there")
        if tokens := _CONTROL_TOKEN.findall(text):
            names = " and ".join(dict.fromkeys(tokens))
            message = f"chat templates use {names} as a control token, and it is no word; describe it in other words"
            yield Fault(number, "control token", message)


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
