"""The words of a paragraph, line by line, without what marks them up: links, emphasis, tags, footnote marks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msm_mlx.spec.source import Omission, is_html_tag

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_INLINE_NOTE = re.compile(r"\^\[([^\[\]\n]+)\]")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]")
_BREAK = re.compile(r"</?br\b.*", re.IGNORECASE | re.DOTALL)
# CommonMark reads no emphasis where a mark stands between punctuation and a letter, as it often does in Chinese
_UNREAD_MARK = re.compile(r"(?<=[^\x00-\x7f])\*\*|\*\*(?=[^\x00-\x7f])")
_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|\n]*\|)?([^\[\]|\n]+)\]\]")
_WIKI_MARK = re.compile(r"[ \t]*\[(?:edit(?: source)?|citation needed)\]")
_CITATION = re.compile(r"[ \t]*\[-?@[\w:.-]+(?:[,;][^\[\]\n]*)?\]")  # of Pandoc
_HIGHLIGHT = re.compile(r"(?<![=\w])==(?=\S)([^=\n]+)(?<=\S)==(?![=\w])")
_CROSS_REFERENCE = "?"


@dataclass
class InlineReader:
    """Reads the inline nodes of one source.

    Attributes:
        titles: the heading of each section that has an id of its own, for links that name only the id.
        keeps_emphasis: whether emphasis and code keep their marks, for text that stays markdown.
        omissions: takes up what was left out.
    """

    titles: Mapping[str, str]
    keeps_emphasis: bool = False
    omissions: list[Omission] = field(default_factory=list)

    def lines(self, inline: SyntaxTreeNode, first_line: int) -> list[tuple[int, str]]:
        """The lines of an inline node with their numbers."""
        text = self._all(inline.children, first_line)
        if not self.keeps_emphasis:
            text = _WIKI_LINK.sub(r"\1", _HIGHLIGHT.sub(r"\1", _UNREAD_MARK.sub("", text)))
        text = _INLINE_NOTE.sub(r" (\1)", text)
        for pattern, what in (
            (_FOOTNOTE, "mark of a footnote that stands nowhere"),
            (_WIKI_MARK, "mark of a wiki"),
            (_CITATION, "citation"),
        ):
            for match in pattern.finditer(text):
                self._omit(first_line + text.count("\n", 0, match.start()), what)
            text = pattern.sub("", text)
        return list(enumerate(text.split("\n"), start=first_line))

    def _all(self, nodes: list[SyntaxTreeNode], line: int) -> str:
        pieces = []
        for node in nodes:
            pieces.append(self._one(node, line))
            line += pieces[-1].count("\n")
        return "".join(pieces)

    def _one(self, node: SyntaxTreeNode, line: int) -> str:
        match node.type:
            case "softbreak" | "hardbreak":
                return "\n"
            case "code_inline":
                return f"{node.markup}{node.content}{node.markup}" if self.keeps_emphasis else node.content
            case "em" | "strong":
                content = self._all(node.children, line)
                return f"{node.markup}{content}{node.markup}" if self.keeps_emphasis else content
            case "link":
                return self._link(node, line)
            case "image":
                self._omit(line, "image")
                return self._all(node.children, line)
            case "s":
                self._omit(line, "text that is struck out")
                return "\n" * self._all(node.children, line).count("\n")
            case "html_inline":
                return self._tag(node.content, line)
            case "footnote_ref" | "footnote_anchor":
                return ""
            case _:
                return self._all(node.children, line) if node.children else node.content

    def _link(self, node: SyntaxTreeNode, line: int) -> str:
        content, target = self._all(node.children, line), str(node.attrs.get("href", ""))
        if target.startswith("#cite"):
            self._omit(line, "mark of a footnote")
            return ""
        if target.startswith("#"):
            return self.titles.get(target[1:], content) if content.strip() == _CROSS_REFERENCE else content
        if node.info != "auto":  # of an automatic link, the address is the text
            self._omit(line, "address of a link")
        return content

    def _tag(self, tag: str, line: int) -> str:
        if not is_html_tag(tag):
            return tag
        self._omit(line, "comment" if tag.startswith("<!--") else "HTML tags")
        return (" " if _BREAK.fullmatch(tag) else "") + "\n" * tag.count("\n")

    def _omit(self, line: int, what: str) -> None:
        self.omissions.append(Omission(line, what))


def has_marks_to_leave_out(inline: SyntaxTreeNode) -> bool:
    """Whether an inline node has more than text, emphasis and code."""
    if _FOOTNOTE.search(inline.content) or _INLINE_NOTE.search(inline.content) or re.search(r"&#?\w+;", inline.content):
        return True
    plain = ("text", "softbreak", "hardbreak", "em", "strong", "code_inline", "inline")
    return any(node.type not in plain for node in inline.walk())
