"""CommonMark as markdown-it-py parses it, with tables, footnotes, definition lists and struck-out text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

MAX_NESTING = 100


@cache
def _parser(*, is_plain: bool = False) -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin, inline=False).use(deflist_plugin)
    return parser.disable(["emphasis", "strikethrough"]) if is_plain else parser


def parse(source: str, environment: dict[str, Any]) -> SyntaxTreeNode:
    """The tree of a source; `environment` takes up the definitions of its links."""
    from markdown_it.tree import SyntaxTreeNode

    tokens = _parser().parse(source, environment)
    depth = max((child.level for token in tokens for child in token.children or ()), default=0)
    if depth > MAX_NESTING:  # of emphasis, which the parser does not limit: no text, and too deep for a tree
        tokens = _parser(is_plain=True).parse(source, environment)
    return SyntaxTreeNode(tokens)


def span(node: SyntaxTreeNode) -> tuple[int, int]:
    """The lines of a node, counted from 0, without the last."""
    return node.map or (0, 0)


def line_numbers(node: SyntaxTreeNode) -> range:
    """The lines of a node, counted from 1."""
    start, end = span(node)
    return range(start + 1, end + 1)
