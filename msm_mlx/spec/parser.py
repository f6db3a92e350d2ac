"""CommonMark as markdown-it-py parses it, with tables, footnotes, definition lists and struck-out text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

MAX_NESTING = 100


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
    return parser.use(footnote_plugin).use(deflist_plugin)


def parse(source: str, environment: dict[str, Any]) -> SyntaxTreeNode:
    """The tree of a source; `environment` takes up the definitions of its links."""
    from markdown_it.tree import SyntaxTreeNode

    return SyntaxTreeNode(_parser().parse(source, environment))


def span(node: SyntaxTreeNode) -> tuple[int, int]:
    """The lines of a node, counted from 0, without the last."""
    return node.map or (0, 0)


def line_numbers(node: SyntaxTreeNode) -> range:
    """The lines of a node, counted from 1."""
    start, end = span(node)
    return range(start + 1, end + 1)
