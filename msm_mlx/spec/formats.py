"""Texts that are no markdown, told by what their own markup looks like, and what to do with one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_CONVERT = "convert it to markdown first"
# of a format, something that markdown has no use for at the beginning of a line
_MARKUP = (
    ("RTF", re.compile(r"\A\{\\rtf")),
    ("LaTeX", re.compile(r"^\\(?:documentclass|begin|(?:sub)*section)\b.*", re.MULTILINE)),
    ("Org", re.compile(r"^#\+\w+:.*|^\*{2,6} [^*\n]+$", re.MULTILINE)),
    ("MediaWiki text", re.compile(r"^(={2,5}) ?[^=\n]+?\1[ \t]*$", re.MULTILINE)),
    ("AsciiDoc", re.compile(r"^={1,5} \S.*|^\[(?:source|NOTE|TIP|WARNING)\b[^\]\n]*\]$", re.MULTILINE)),
    ("reStructuredText", re.compile(r"^\.\. [\w-]+::.*", re.MULTILINE)),
)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE)
_BOLD_LINE = re.compile(r"^(?:\*\*|__)[^*_\n]{1,80}(?:\*\*|__):?[ \t]*$", re.MULTILINE)
_NO_SPACE = re.compile(r"^#{1,6}[^#\s].*$", re.MULTILINE)
_KEY = re.compile(r"^[\w-]+:(?:\s.*)?$", re.MULTILINE)
_YAML_LINE = re.compile(r"\s*|\s*#.*|\s*(?:- )?[\w-]+:(?:\s.*)?|\s+\S.*|- .*|---")


@dataclass(frozen=True)
class OtherFormat:
    """A format that a text is probably in, with the first line of its markup."""

    name: str
    line: int
    markup: str

    def __str__(self) -> str:
        return f"{self.markup[:40]!r} is {self.name}, which is not read; {_CONVERT}"


def other_formats(source: str) -> Iterator[OtherFormat]:
    """The formats whose markup stands in a text, each once."""
    for name, pattern in _MARKUP:
        if match := pattern.search(source):
            yield OtherFormat(name, source.count("\n", 0, match.start()) + 1, match[0])


def has_headings(source: str) -> bool:
    """Whether some line is a heading that only markdown writes so."""
    return _HEADING.search(source) is not None


def why_no_headings(source: str) -> str:
    """What is there in place of headings, as far as it can be told, and what to do."""
    if format_ := next(other_formats(source), None):
        return str(format_)
    if _is_json(source):
        return f"this is JSON; {_CONVERT}"
    if (match := _NO_SPACE.search(source)) and not match[0].startswith("#!"):
        return f"{match[0][:40]!r} has no space after the #, so it is no heading; write one"
    if match := _BOLD_LINE.search(source):
        return f"{match[0][:40]!r} is bold text and no heading; begin such a line with '## '"
    if len(_KEY.findall(source)) and all(map(_YAML_LINE.fullmatch, source.split("\n"))):
        return f"this is YAML; {_CONVERT}"
    return "begin with '# Title' and give each subject a '## Heading'"


def _is_json(source: str) -> bool:
    try:
        return isinstance(json.loads(source), dict | list)
    except ValueError:
        return False
