"""A spec as markdown: its headings, and the text and the elements under them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msm_mlx.spec.conduct import voice_of
from msm_mlx.spec.elements import Element, ElementReader, call_out_mark
from msm_mlx.spec.inline import InlineReader, has_marks_to_leave_out
from msm_mlx.spec.parser import line_numbers, parse, span
from msm_mlx.spec.sentences import sentence_positions
from msm_mlx.spec.source import (
    Omission,
    example_lines,
    has_tags,
    without_call_out_marks,
    without_editor_marks,
    without_front_matter,
    without_tags,
)

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_OVERLINE = re.compile(r"([=~*+^#-])\1{2,} (?=\S)")  # above a title, as in reStructuredText
MAX_PASSES = 4  # tags in tags
_FOOTNOTE_LABEL = re.compile(r"\[\^[^\]]+\]:[ \t]*")
_ATTRIBUTE = r"(?:[#.][\w:.-]+|[\w:-]+=(?:\"[^\"]*\"|'[^']*'|[^\s}\"']+))"
_ATTRIBUTES = re.compile(rf"[ \t]*\{{:?[ \t]*({_ATTRIBUTE}(?:[ \t]+{_ATTRIBUTE})*)[ \t]*\}}[ \t]*\Z")


@dataclass(frozen=True)
class SourceLine:
    """A line of the text below a heading, with its number."""

    number: int
    text: str


@dataclass(frozen=True)
class Heading:
    """A heading, the id that its attributes give it (`## Title {#id}`), and whether the line below makes it one."""

    level: int
    text: str
    id: str | None = None
    is_underlined: bool = False


@dataclass
class HeadedBlock:
    """A heading, None for what stands before the first, with the lines and the elements under it."""

    heading: Heading | None
    line: int
    body: list[SourceLine] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.body).strip("\n").rstrip()


@dataclass(frozen=True)
class Markdown:
    """A source that has been read.

    Attributes:
        text: the source without what nobody is to read.
        blocks: one for each heading, after one for what stands before the first.
        code: the numbers of the lines that are code, in which nothing is markdown.
        open_fence: the line of a code fence that is never closed.
        lazy: lines that belong to a quotation without a `>` of their own.
        omissions: what was left out, in the order of the lines.
    """

    text: str
    blocks: tuple[HeadedBlock, ...]
    code: frozenset[int]
    open_fence: int | None
    lazy: tuple[int, ...]
    omissions: tuple[Omission, ...]


@lru_cache(maxsize=8)
def read_markdown(source: str) -> Markdown:
    """Take a source apart; lines are counted from 1 in the source as it is given."""
    omissions: list[Omission] = []
    lines, tree, references = _parsed(without_front_matter(source, omissions), omissions)
    reader = InlineReader(_titles(tree), omissions=omissions)
    headed = [HeadedBlock(None, 1), *_headed(tree, reader)]
    starts = [block.line for block in headed]
    elements = ElementReader(reader, lines)
    elements.add([node for node in tree.children if node.type != "heading"])
    code = set(_code(tree))
    examples = example_lines(lines, code)
    for element in sorted(elements.all, key=lambda element: element.line):
        if element.line in examples:
            element.kind = "code"
        headed[max(bisect_right(starts, element.line) - 1, 0)].elements.append(element)
    _mark_citations(elements.all, [block.heading.text for block in headed if block.heading][:1])
    kept = _kept_lines(lines, tree, reader.titles, references)
    heading_lines = {n for node in tree.children if node.type == "heading" for n in line_numbers(node)}
    for line in kept:
        if line.number not in heading_lines:
            headed[max(bisect_right(starts, line.number) - 1, 0)].body.append(line)
    for start, end in references:
        omissions += [Omission(n + 1, "address of a link") for n in range(start, end)]
    return Markdown(
        text="\n".join(line.text for line in kept),
        blocks=tuple(headed),
        code=frozenset(code | examples),
        open_fence=_open_fence(tree, lines),
        lazy=tuple(elements.lazy),
        omissions=tuple(sorted(set(omissions))),
    )


def blocks(source: str) -> tuple[HeadedBlock, ...]:
    """A block for each heading, after one for what stands before the first."""
    return read_markdown(source).blocks


def _parsed(source: str, omissions: list[Omission]) -> tuple[list[str], SyntaxTreeNode, list[tuple[int, int]]]:
    """The lines without HTML and marks of call-outs, their tree, and the lines of the definitions of links."""
    environment: dict[str, Any] = {}
    tree = parse(source, environment)
    lines = source.split("\n")
    fences = {n for node in tree.walk() if node.type == "fence" for n in line_numbers(node)}
    plain = without_call_out_marks(without_editor_marks(lines, fences, omissions), fences, omissions)
    for _ in range(MAX_PASSES):
        if plain != lines:
            lines, environment = list(plain), {}
            tree = parse("\n".join(plain), environment)
        for node in tree.walk():
            if node.type == "html_block" and has_tags(node.content):
                start, end = span(node)
                plain[start:end] = without_tags("\n".join(plain[start:end]), start + 1, omissions).split("\n")
        if plain == lines:
            break
    omissions += _unused_footnotes(environment, lines)
    maps = [definition["map"] for definition in environment.get("references", {}).values()]
    maps += [definition["map"] for definition in environment.get("duplicate_refs", [])]
    return lines, tree, [(start, end) for start, end in maps]


def _unused_footnotes(environment: Mapping[str, Any], lines: Sequence[str]) -> Iterator[Omission]:
    """Footnotes to which nothing refers: the parser has them nowhere."""
    for label, number in environment.get("footnotes", {}).get("refs", {}).items():
        if number < 0:
            start = f"[^{label[1:]}]:"
            line = next((n for n, text in enumerate(lines, start=1) if text.lstrip(" >").startswith(start)), 1)
            yield Omission(line, "footnote to which nothing refers")


def _heading_source(node: SyntaxTreeNode) -> str:
    return node.children[0].content if node.children else ""


def _titles(tree: SyntaxTreeNode) -> dict[str, str]:
    """The heading of each section that has an id of its own."""
    titles = {}
    for node in tree.children:
        if node.type == "heading" and (name := _id_in(_heading_source(node))):
            titles[name] = _ATTRIBUTES.sub("", _words(InlineReader({}), node))
    return titles


def _words(reader: InlineReader, heading: SyntaxTreeNode) -> str:
    lines = reader.lines(heading.children[0], span(heading)[0] + 1)
    return " ".join(" ".join(text for _, text in lines).split())


def _id_in(heading: str) -> str | None:
    match = _ATTRIBUTES.search(heading)
    ids = re.findall(r"(?<!\S)#([\w:.-]+)", match[1]) if match else []
    return ids[0] if ids else None


def _headed(tree: SyntaxTreeNode, reader: InlineReader) -> Iterator[HeadedBlock]:
    for node in tree.children:
        if node.type != "heading":
            continue
        line = span(node)[0] + 1
        text = _OVERLINE.sub("", _words(reader, node))
        if match := _ATTRIBUTES.search(text):
            text = text[: match.start()]
            reader.omissions.append(Omission(line, "attributes of a heading"))
        if not text.strip():
            reader.omissions.append(Omission(line, "heading without words"))
            continue
        is_underlined = node.markup in ("=", "-")
        yield HeadedBlock(Heading(int(node.tag[1:]), text, _id_in(_heading_source(node)), is_underlined), line)


def _code(tree: SyntaxTreeNode) -> Iterator[int]:
    for node in tree.walk():
        if node.type in ("fence", "code_block"):
            yield from line_numbers(node)


def _open_fence(tree: SyntaxTreeNode, lines: Sequence[str]) -> int | None:
    last = len("\n".join(lines).rstrip("\n").split("\n"))
    for node in tree.walk():
        if node.type == "fence" and span(node)[1] >= last:
            start, end = span(node)
            closing = lines[end - 1].strip().lstrip("> \t") if end - start > 1 else ""
            if not (closing.startswith(node.markup) and not closing.strip(node.markup[0])):
                return start + 1
    return None


def _mark_citations(elements: Sequence[Element], title: Sequence[str]) -> None:
    """Where the text says what the assistant does, and no quotation does, none is there to be asserted."""
    quotes = [element for element in elements if element.kind == "quote" and element.text]
    texts = [element for element in elements if quotes and element.kind in ("prose", "item", "row")]
    sentences = [(text.kind == "item", one) for text in texts for _, one in sentence_positions(text.text)]
    voice = voice_of(
        " ".join(title), *([one for is_item, one in sentences if is_item is kind] for kind in (False, True))
    )
    is_said = any("{model_name}" in text.text for text in texts) or any(
        voice.of(sentence, is_item=is_item) for is_item, sentence in sentences
    )
    is_order_each = len(quotes) > 1 and all(voice.of(quote.text, is_item=True) for quote in quotes)
    if is_said and not is_order_each and not any(voice.mentions_it(quote.text) for quote in quotes):
        for quote in quotes:
            quote.kind = "citation"


def _kept_lines(
    lines: Sequence[str], tree: SyntaxTreeNode, titles: Mapping[str, str], references: Sequence[tuple[int, int]]
) -> list[SourceLine]:
    """The lines without the addresses of links and the like; one of which nothing is left is gone."""
    kept: list[str | None] = list(lines)
    for start, end in references:
        kept[start:end] = [None] * (end - start)
    _leave_out_marks(kept, tree, InlineReader(titles, keeps_emphasis=True))
    for note in tree.walk():
        if note.type == "footnote":
            _leave_out_label(kept, note)
    for node in tree.walk():
        if node.type == "blockquote" and (mark := call_out_mark(node)) is not None:
            start = span(node)[0]
            text = (kept[start] or "").replace(mark, "", 1)
            kept[start] = text if text.strip("> \t") else None
    return [SourceLine(n, text) for n, text in enumerate(kept, start=1) if text is not None]


def _leave_out_marks(kept: list[str | None], tree: SyntaxTreeNode, reader: InlineReader) -> None:
    for node in tree.walk():
        if node.type != "inline" or node.map is None or not has_marks_to_leave_out(node):
            continue
        start = node.map[0]
        plain = [text for _, text in reader.lines(node, start + 1)]
        for index, (old, new) in enumerate(zip(node.content.split("\n"), plain, strict=False), start=start):
            before = kept[index] if index < len(kept) else None
            if before is not None and old:
                kept[index] = before.replace(old, new, 1)


def _leave_out_label(kept: list[str | None], footnote: SyntaxTreeNode) -> None:
    for node in footnote.walk():
        if node.type == "inline":
            for index in range(*(node.map or (0, 0))):
                kept[index] = _FOOTNOTE_LABEL.sub("", (kept[index] or "").lstrip(), count=1)
