"""The little of markdown that a spec needs: headings, the text below them, blockquotes and list items."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?\S)(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_QUOTE = re.compile(r" {0,3}>(.*)")
_ITEM = re.compile(r"(\s*)(?:[-*+\u2022]|\(?(?:\d{1,3}|[a-z])[.)])[ \t]+(\S.*)")
# a rule that is a paragraph with a label: "SP1. ...", "Rule 12: ...", "**R3** ..."
_LABELLED = re.compile(
    r"()(?:\*\*|__)?(?:[Rr]ule\s+\d+|[A-Z]{1,3}\d+)(?:\.\d+)*(?:\*\*|__)?[ \t]?[.:)\u2013\u2014](?:\*\*|__)?"
    r"[ \t]+(\S.*)"
)


@dataclass(frozen=True)
class SourceLine:
    """A line with its number; one that is `fenced` is code, in which nothing is markdown."""

    number: int
    text: str
    fenced: bool

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return None if self.fenced else pattern.fullmatch(self.text)


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass
class HeadedBlock:
    """A heading, None for what stands before the first, with the lines under it."""

    heading: Heading | None
    line: int
    body: list[SourceLine]

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.body).strip("\n").rstrip()


@dataclass
class Element:
    """A paragraph, a blockquote or a list item, its lines joined to one; `depth` is how far an item is indented."""

    kind: str  # "prose", "quote" or "item"
    line: int
    depth: int = 0
    parts: list[tuple[int, str]] = field(default_factory=list)  # lines with their numbers

    @property
    def text(self) -> str:
        return " ".join(" ".join(part for _, part in self.parts).split())

    def line_of(self, position: int) -> int:
        """The number of the line in which the character `position` of `text` stands."""
        end = 0
        for number, part in self.parts:
            end += len(" ".join(part.split())) + 1
            if position < end:
                return number
        return self.line


def blocks(source: str) -> list[HeadedBlock]:
    """A block for each heading, after one for what stands before the first."""
    headed = [HeadedBlock(None, 1, [])]
    for line in lines(source):
        if match := line.match(_HEADING):
            headed.append(HeadedBlock(Heading(len(match[1]), match[2]), line.number, []))
        else:
            headed[-1].body.append(line)
    return headed


def lines(source: str) -> Iterator[SourceLine]:
    """Lines with their numbers. Inside a code fence, and on its two ends, nothing counts as markdown."""
    fence = ""
    for number, text in enumerate(source.split("\n"), start=1):
        before, fence = fence, _fence_after(fence, text)
        yield SourceLine(number, text, fenced=bool(before or fence))


def open_fence(source: str) -> int | None:
    """The line of a code fence that is never closed, if there is one: what follows it does not count as markdown."""
    fence, opened = "", None
    for number, text in enumerate(source.split("\n"), start=1):
        before, fence = fence, _fence_after(fence, text)
        opened = number if fence and not before else opened
    return opened if fence else None


def _fence_after(fence: str, text: str) -> str:
    """The marks of the code fence that is open after the line `text`, if `fence` was open before it."""
    match = _FENCE.fullmatch(text)
    if not match:
        return fence
    marks, rest = match.groups()
    if not fence:
        return str(marks)
    return "" if marks.startswith(fence) and not rest.strip() else fence


def elements(block: HeadedBlock) -> list[Element]:
    """The paragraphs, blockquotes and list items of a block, in their order; code and empty lines part them."""
    body: list[Element] = []
    is_open = False
    for line in block.body:
        if line.fenced or not line.text.strip():
            is_open = False
            continue
        kind, depth, text = _classify(line)
        last = body[-1] if is_open else None
        # an unmarked line goes on with what stands before it, be it a paragraph or an item
        if last is None or (kind == "item") or (kind != last.kind and "quote" in (kind, last.kind)):
            body.append(Element(kind, line.number, depth))
        body[-1].parts.append((line.number, text))
        is_open = True
    return body


def _classify(line: SourceLine) -> tuple[str, int, str]:
    if match := line.match(_QUOTE):
        return "quote", 0, match[1]
    if match := line.match(_ITEM) or line.match(_LABELLED):
        return "item", len(match[1].expandtabs(4)), match[2]
    return "prose", 0, line.text.strip()
