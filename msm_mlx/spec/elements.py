"""What stands under the headings of a spec: paragraphs, quotations, list items, rows of tables, code."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from msm_mlx.spec.causes import CAUSE, SUBJECT, gives_reason
from msm_mlx.spec.inline import InlineReader
from msm_mlx.spec.parser import span
from msm_mlx.spec.source import Omission

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

ElementKind = Literal["prose", "quote", "citation", "item", "row", "code"]
_CALL_OUT = re.compile(
    r"\[!\w+\][+-]?[ \t]*|(?:\*\*|__)(?:note|tip|info|important|warning|caution)(?:\*\*|__)[ \t]*(?=\n|$)",
    re.IGNORECASE,
)
# of the text or to its reader, where it does not name the assistant
_REMARK = re.compile(r"(?:\[!|\*\*|__)?(?:note|info|warning|caution|draft|todo)\b", re.IGNORECASE)
# what people write as list items and CommonMark does not read as such: marks that are not of ASCII, letters, and rules
# with a label such as "SP1. ...", "Rule 12: ..."
_NUMERAL = "[一二三四五六七八九十百\\d]{1,4}"
_ITEM = re.compile(
    r"\d{1,2}(?:\.\d{1,2})+\.?[ \t]+(?=[A-Z{*\"])"
    r"|[\u2022\u2023\u25e6\u25aa\u25cf\u30fb][ \t]*|\((?:\d{1,3}|[a-z])\)[ \t]+|[a-z][.)][ \t]+"
    r"|[ivx]{2,5}[.)][ \t]+|\d{1,2}[.)][ \t]+(?=[A-Z{*\"])|\u00a7+[ \t]?\d+(?:\.\d+)*[.:]?[ \t]+"
    r"|\d{1,2}\u00b0[ \t]+"
    rf"|[\uff08(]{_NUMERAL}[\uff09)][ \t]*|[一二三四五六七八九十]{{1,3}}、[ \t]*|第{_NUMERAL}[条條][、\uff1a:\s]*"
    r"|(?:(?:[Rr]ule|[Ss]tep|[Pp]rinciple|[Cc]lause|[Aa]rticle)\s+\d+|[A-Z]{1,4}-?\d+)(?:\.\d+)*"
    r"[ \t]?[.:)\u2013\u2014][ \t]+"
)
# "Likes: ...": where several lines of a paragraph begin so, each is a paragraph of its own
_LABEL = re.compile(r"[A-Z][\w-]*(?: [\w-]+){0,2}: ")
_LETTER = re.compile(r"([A-Z])[.)][ \t]+(?=\S)")  # where lines with A, B and C stand in a text, and no question Q
_NUMBER = re.compile(r"(\d{1,2})[.)][ \t]")  # may begin an item, or end a sentence: "under\n12. Others may"
_DASH = re.compile(r"[\u2013\u2014][ \t]+")  # begins an item only where it does not go on with a sentence
_WHY = re.compile(r"^why\? (?=\S)", re.IGNORECASE)
_BULLET = re.compile(r"[-*+][ \t]+(?=\S)")  # of a list that is indented too far below a paragraph to be one
_CELL_END = re.compile(r"(?<!\\)\|")
TITLE_WORDS = 6  # most of the title of a call-out
ITEM_TITLE_WORDS = 3  # most of the title of an item
_TASK = re.compile(r"\[[ xX]\][ \t]+")


@dataclass
class Element:
    """A paragraph, a quotation, a list item, a row of a table or a piece of code.

    Attributes:
        depth: how many lists it is nested in, less one; -1 outside of lists.
        parts: its lines with their numbers.
        cells: of a row, each cell's heading and text.
        title: of a paragraph, the words in bold that it begins with.
    """

    kind: ElementKind
    line: int
    depth: int = -1
    parts: list[tuple[int, str]] = field(default_factory=list)
    cells: tuple[tuple[str, str], ...] = ()
    title: str = ""

    @property
    def text(self) -> str:
        return " ".join(" ".join(part for _, part in self.parts).split())

    def line_of(self, position: int) -> int:
        """The number of the line in which the character `position` of `text` stands."""
        end = 0
        for number, part in self.parts:
            words = " ".join(part.split())
            end += len(words) + 1 if words else 0
            if position < end:
                return number
        return self.line


def call_out_mark(quote: SyntaxTreeNode) -> str | None:
    """The mark `[!NOTE]` of a quotation that is a call-out."""
    first = quote.children[0] if quote.children else None
    if first is None or first.type != "paragraph":
        return None
    match = _CALL_OUT.match(first.children[0].content)
    return match[0].strip() if match else None


def _is_entry_of_contents(node: SyntaxTreeNode) -> bool:
    """Whether a paragraph is nothing but a link to a section."""
    words = node.children[0].children if node.type == "paragraph" else []
    return len(words) == 1 and words[0].type == "link" and str(words[0].attrs.get("href", "")).startswith("#")


def _is_title(words: str, most: int = TITLE_WORDS) -> bool:
    """Whether the words beside the mark of a call-out, or in the first line of an item, are its title."""
    return 0 < len(words.split()) <= most and words[-1].isalnum()


def _is_wrapped(text: str, numbers: set[int]) -> bool:
    """Whether a line begins with a number that only ends a sentence, for no other of the `numbers` is beside it."""
    match = _NUMBER.match(text)
    return match is not None and match[1] != "1" and not {int(match[1]) - 1, int(match[1]) + 1} & numbers


def _bold_start(paragraph: SyntaxTreeNode) -> str:
    """The words in bold at the beginning of a paragraph."""
    words = [one for one in paragraph.children[0].children if one.type != "text" or one.content.strip()]
    if not words or words[0].type != "strong":
        return ""
    return " ".join("".join(one.content if one.type == "text" else " " for one in words[0].walk()).split())


class ElementReader:
    """Collects the elements of a tree."""

    def __init__(self, reader: InlineReader, lines: Sequence[str]) -> None:
        self.reader = reader
        self.source = lines
        self.all: list[Element] = []
        self.lazy: list[int] = []
        letters = {match[1] for line in lines if (match := _LETTER.match(line))}
        self.is_lettered = {"A", "B", "C"} <= letters and "Q" not in letters

    def add(self, nodes: Sequence[SyntaxTreeNode], depth: int = -1) -> None:
        """Add what stands in `nodes`, which are nested in `depth` + 1 lists."""
        readers: dict[str, Callable[[SyntaxTreeNode, int], None]] = {
            "paragraph": self._paragraph,
            "heading": self._paragraph,
            "bullet_list": self._list,
            "ordered_list": self._list,
            "blockquote": self._quote,
            "table": self._rows,
            "dl": self._definitions,
            "fence": self._code,
            "code_block": self._code,
            "html_block": self._code,
            "footnote_block": lambda node, depth: self.add(node.children, depth),
            "footnote": lambda node, depth: self.add(node.children, depth),
        }
        for node in nodes:
            if node.type in readers:
                readers[node.type](node, depth)

    def _list(self, node: SyntaxTreeNode, depth: int) -> None:
        for item in node.children:
            self._item(item, depth + 1)

    def _code(self, node: SyntaxTreeNode, depth: int) -> None:
        line = span(node)[0] + 1
        content = node.content.rstrip("\n").split("\n") if node.content else []
        self.all.append(Element("code", line, depth, list(enumerate(content, start=line + (node.type == "fence")))))

    def _parts(self, node: SyntaxTreeNode) -> list[tuple[int, str]]:
        """All lines of words in a node, in their order."""
        inlines = [one for one in node.walk() if one.type == "inline"]
        return [part for one in inlines for part in self.reader.lines(one, span(one)[0] + 1)]

    def _paragraph(self, node: SyntaxTreeNode, depth: int) -> None:
        start = len(self.all)
        self._lines(self._parts(node), depth)
        if start < len(self.all):
            self.all[start].title = _bold_start(node)

    def _lines(self, lines: Sequence[tuple[int, str]], depth: int) -> None:
        """A paragraph; lines that begin with a label of their own are items."""
        element = None
        labelled = {number for number, text in lines if _LABEL.match(text) and not gives_reason(text)}
        numbers = {int(match[1]) for _, text in lines if (match := _NUMBER.match(text))}
        for number, text in lines:
            text = _WHY.sub("Why: ", text)
            if len(labelled) > 1 and number in labelled:
                element = None
            goes_on = element is not None and element.kind == "prose"
            label = (None if text.endswith("?") else _ITEM.match(text)) or (None if goes_on else _DASH.match(text))
            label = label or (_LETTER.match(text) if self.is_lettered else None)
            if element is not None and element.text[-1:].isalnum() and _is_wrapped(text, numbers):
                label = None
            if element is not None and (element.kind == "item" or element.text.endswith(":")):
                label = label or _BULLET.match(text)
            if label:
                element, text = None, text[label.end() :]
            if element is None:
                element = Element("item" if label else "prose", number, max(depth, 0) if label else depth)
                self.all.append(element)
            element.parts.append((number, text))

    def _item(self, node: SyntaxTreeNode, depth: int) -> None:
        children = node.children
        if children and _is_entry_of_contents(children[0]):
            self.reader.omissions.append(Omission(span(node)[0] + 1, "entry of a table of contents"))
            children = children[1:]
        if children and children[0].type == "paragraph":
            parts = self._parts(children[0])
            if parts:
                parts[0] = (
                    parts[0][0],
                    _TASK.sub("", parts[0][1], count=1) if _TASK.match(parts[0][1]) else parts[0][1],
                )
                if len(parts) > 1 and _is_title(parts[0][1], ITEM_TITLE_WORDS) and parts[1][1][:1].isupper():
                    parts[0] = (parts[0][0], f"{parts[0][1]}:")
                nested = next((n for n, (_, text) in enumerate(parts) if n and _ITEM.match(text)), len(parts))
                self.all.append(Element("item", parts[0][0], depth, parts[:nested]))
                self._lines(parts[nested:], depth + 1)
            children = children[1:]
        self.add(children, depth)

    def _quote(self, node: SyntaxTreeNode, depth: int) -> None:
        if call_out_mark(node) is not None:
            self.reader.omissions.append(Omission(span(node)[0] + 1, "mark of a call-out"))
            parts = self._parts(node)
            words = " ".join(text for _, text in parts)
            if _REMARK.match(words) and not (SUBJECT.search(words) or CAUSE.search(words)):
                parts[0] = (parts[0][0], _CALL_OUT.sub("", parts[0][1], count=1))
                parts = parts if parts[0][1] else parts[1:]
                self.all.append(Element("citation", parts[0][0] if parts else span(node)[0] + 1, depth, parts))
                return
            (line, first), *others = self._parts(node.children[0])
            words = _CALL_OUT.sub("", first, count=1)
            if others and _is_title(words) and not others[0][1][:1].islower():
                self._lines([(line, words)], depth)
                words = ""
            self._lines([(line, words), *others] if words else others, depth)
            self.add(node.children[1:], depth)
            return
        start, end = span(node)
        self.lazy += [
            n + 1
            for n in range(start, end)
            if self.source[n].strip() and ">" not in self.source[n][: 4 + 4 * (depth + 1)]
        ]
        if any(child.type in ("bullet_list", "ordered_list", "table", "dl") for child in node.children):
            self._quoted_list(node, depth)
            return
        prose = [child for child in node.children if child.type not in ("heading", "fence", "code_block", "html_block")]
        parts = [part for child in prose or node.children for part in self._parts(child)]
        if not parts and node.children:  # code, of which a quotation can be made too
            self.add(node.children, depth)
            return
        quote = Element("quote", parts[0][0] if parts else start + 1, depth, parts)
        # a reason that is set off from the rule above it says nothing by itself
        is_reason = gives_reason(quote.text) and "{model_name}" not in quote.text
        self.all.append(replace(quote, kind="prose") if is_reason else quote)

    def _quoted_list(self, node: SyntaxTreeNode, depth: int) -> None:
        """Each item of a list in a quotation is a quotation of its own, with the words that lead to the list."""
        inner = ElementReader(self.reader, self.source)
        inner.add(node.children)
        lead: list[tuple[int, str]] = []
        for element in inner.all:
            if element.kind == "prose" and element.text.endswith(":"):
                lead = element.parts
            elif element.kind != "code":
                own = element.parts
                if element.kind == "item" and lead:
                    own = [(element.line, part.rstrip(": ")) for _, part in lead] + element.parts
                self.all.append(Element("quote", element.line, depth, own))

    def _rows(self, table: SyntaxTreeNode, depth: int) -> None:
        rows = [row for part in table.children for row in part.children]
        header = [self._cell(cell) for cell in rows[0].children]
        for row in rows[1:]:
            line = span(row)[0] + 1
            texts = [self._cell(cell) for cell in row.children]
            if len(_CELL_END.findall(self.source[line - 1].strip().strip("|"))) >= len(header):
                self.reader.omissions.append(Omission(line, "cell beyond the headings of its table"))
            cells = tuple(zip(header, texts, strict=False))
            self.all.append(Element("row", line, depth, [(line, " | ".join(texts))], cells))

    def _cell(self, cell: SyntaxTreeNode) -> str:
        return " ".join(" ".join(text for _, text in self._parts(cell)).split())

    def _definitions(self, node: SyntaxTreeNode, depth: int) -> None:
        """A term with its definition, as the item "term: definition"."""
        term: list[tuple[int, str]] = []
        for child in node.children:
            parts = self._parts(child)
            if child.type == "dt":
                term = [(line, text) for line, text in parts]
                if term:
                    term[-1] = (term[-1][0], f"{term[-1][1].rstrip(':')}:")
            elif parts:
                self.all.append(Element("item", (term or parts)[0][0], depth + 1, term + parts))
