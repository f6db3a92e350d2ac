"""What of a spec is no text for its readers: front matter, comments, HTML tags, the marks of call-outs.

It is taken out of the lines in place, so that what is left keeps its line numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

_FRONT_MATTER = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\n(.*?)^(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FRONT_LINE = re.compile(r"\s*|\s+\S.*|-\s.*|#.*|\[.*\]|[\w\"'.-][\w \"'.-]*\s*[:=].*|[\]}].*")
_FRONT_KEY = re.compile(r"^[\w\"'.-][\w \"'.-]*\s*[:=]", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SILENT = re.compile(r"<(script|style|template|svg|title)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)(?:\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)?/?>")
_DECLARATION = re.compile(r"<[!?][A-Za-z\[][^>]*>")
_ADMONITION = re.compile(r"([ \t]*)(?:!!!|\?\?\?\+?)[ \t]+[\w-]+.*")
_CONTAINER = re.compile(r"[ \t]*:{3,}[ \t]*(?:\{?[ \t]*[#.]?[\w-]+.*)?")
# what is for an editor or a site generator; none of it is markdown
_EDITOR_MARKS = (
    (re.compile(r"(?<![\w%])%%(?=[\s\w{\"'])(?:(?!%%).)*%%(?!\w)", re.DOTALL), "comment"),
    (re.compile(r"\{%-?\s.*?-?%\}", re.DOTALL), "tag of a site generator"),
    (re.compile(r"\{/\*.*?\*/\}", re.DOTALL), "comment"),
    (re.compile(r"^import\s[^\n]*['\"][^'\"\n]+['\"];?$", re.MULTILINE), "code of MDX"),
    (re.compile(r"^export\s+(?:const|let|default|function)\b[^\n]*$", re.MULTILINE), "code of MDX"),
    (re.compile(r"!\[\[[^\[\]\n]+\]\]"), "embedded file"),
    (re.compile(r"(?<=\S)[ \t]+\^[\w-]+[ \t]*$", re.MULTILINE), "id of a block"),
)  # fmt: skip
_INDENT = 4
_BLOCKS = frozenset("article aside div dd dt figure footer header h1 h2 h3 h4 h5 h6 main nav p section ul ol".split())
_TITLES = frozenset("caption dt figcaption legend summary".split())  # that end without a mark
HTML_TAGS = frozenset(
    "a abbr address article aside audio b bdi bdo big blockquote body br button caption center cite code col colgroup "
    "data dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 "
    "head header hr html i iframe img input ins kbd label legend li link main map mark meta nav object ol optgroup "
    "option p param picture pre progress q rp rt ruby s samp script section select small source span strike strong "
    "style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var video "
    "wbr".split()
)
# tags of chats that are shown as examples, with or without a code fence around them
EXAMPLE_TAGS = frozenset(
    "assistant bad bot chat comparison conversation developer dialog dialogue example examples good human message "
    "prompt response system tool user".split()
)
_ELEMENT_OF_LINES = re.compile(
    r"(<(h[1-6]|blockquote|li)\b[^>]*>)((?:(?!</?(?:\2|ul|ol|li|table|h[1-6])\b).)*)(</\2\s*>)",
    re.DOTALL | re.IGNORECASE,
)
_TAG_OF_ITEM = re.compile(r"<(?:li|tr)\b", re.IGNORECASE)
_SECOND_ITEM = "break between items of HTML, which are read as one since they stand on one line"
_MARKDOWN_OF_TAG = {"li": "- ", "tr": "- ", "blockquote": "> ", "hr": " "} | {
    f"h{n}": "#" * n + " " for n in range(1, 7)
}


@dataclass(frozen=True, order=True)
class Omission:
    """Something in the file that neither documents nor the model will see, and where it stands."""

    line: int
    what: str


def without_front_matter(source: str, omissions: list[Omission]) -> str:
    """The source with blank lines in place of the front matter of a site generator, if it has one."""
    match = _FRONT_MATTER.match(source)
    if not match:
        return _without_json(source, omissions)
    content = match[2]
    if not _FRONT_KEY.search(content) or not all(_FRONT_LINE.fullmatch(line) for line in content.split("\n")):
        return source
    omissions.append(Omission(source.count("\n", 0, match.start(1)) + 1, "front matter"))
    return "\n" * match[0].count("\n") + source[match.end() :]


def _without_json(source: str, omissions: list[Omission]) -> str:
    """The source with blank lines in place of an object of JSON that stands before its text."""
    start = len(source) - len(source.lstrip())
    try:
        data, end = json.JSONDecoder().raw_decode(source, start)
    except ValueError:
        return source
    if not (isinstance(data, dict) and source[end:].startswith("\n") and source[end:].strip()):
        return source
    omissions.append(Omission(source.count("\n", 0, start) + 1, "front matter"))
    return "\n" * source.count("\n", 0, end) + source[end:]


def without_editor_marks(lines: Sequence[str], code: Collection[int], omissions: list[Omission]) -> list[str]:
    """The lines without what is for an editor: comments and marks of Obsidian, code and comments of MDX.

    Args:
        lines: of the whole source.
        code: numbers of the lines that are code.
        omissions: takes up what was left out.
    """
    source = "\n".join(lines)
    for pattern, what in _EDITOR_MARKS:
        pieces, end = [], 0
        for match in pattern.finditer(source):
            number = source.count("\n", 0, match.start()) + 1
            if number not in code:
                omissions.append(Omission(number, what))
                pieces += [source[end : match.start()], "\n" * match[0].count("\n")]
                end = match.end()
        source = "".join([*pieces, source[end:]])
    return source.split("\n")


def without_call_out_marks(lines: Sequence[str], code: set[int], omissions: list[Omission]) -> list[str]:
    """The lines without what opens and closes a call-out (`!!! note`, `:::`), and with its text not indented.

    Args:
        lines: of the whole source.
        code: numbers of the lines that are code.
        omissions: takes up what was left out.
    """
    plain, base = list(lines), None
    for index, line in enumerate(lines):
        if index + 1 in code and base is None:
            continue
        if match := _ADMONITION.fullmatch(line):
            plain[index], base = "", len(match[1].expandtabs(_INDENT))
            omissions.append(Omission(index + 1, "mark of a call-out"))
        elif _CONTAINER.fullmatch(line):
            plain[index] = ""
            omissions.append(Omission(index + 1, "mark of a call-out"))
        elif base is not None and line.strip():
            expanded = line.expandtabs(_INDENT)
            if len(expanded) - len(expanded.lstrip()) < base + _INDENT:
                base = None
            else:
                plain[index] = expanded[:base] + expanded[base + _INDENT :]
    return plain


def without_tags(html: str, first_line: int, omissions: list[Omission]) -> str:
    """The text of a piece of HTML as markdown, with as many lines; only tags of example chats stay."""

    def omit(what: str) -> Callable[[re.Match[str]], str]:
        def leave_out(match: re.Match[str]) -> str:
            omissions.append(Omission(first_line + html.count("\n", 0, match.start()), what))
            return "\n" * match[0].count("\n")

        return leave_out

    def of_tag(match: re.Match[str]) -> str:
        name = match[1].lower()
        if name in EXAMPLE_TAGS:
            return match[0]
        omissions.append(Omission(first_line + text.count("\n", 0, match.start()), "HTML tags"))
        opens = not match[0].startswith("</")
        if not opens:
            last = text[: match.start()].rstrip()[-1:]
            mark = "." if name in _TITLES and last.isalnum() else ""
            return mark + (" " if name in _BLOCKS | _TITLES else "") + "\n" * match[0].count("\n")
        if name in ("li", "tr") and _TAG_OF_ITEM.search(text[: match.start()].rpartition("\n")[2]):
            omissions.append(Omission(first_line + text.count("\n", 0, match.start()), _SECOND_ITEM))
            return " "
        mark = _MARKDOWN_OF_TAG.get(name, " " if name in ("br", "td", "th") else "")
        return mark + "\n" * match[0].count("\n")

    text = _COMMENT.sub(omit("comment"), html)
    text = _SILENT.sub(omit("script or style"), text)
    text = _DECLARATION.sub(omit("HTML tags"), text)
    text = _ELEMENT_OF_LINES.sub(_on_one_line, text)
    text = _TAG.sub(of_tag, text)
    return "\n".join(line.strip() for line in text.split("\n"))


def _on_one_line(element: re.Match[str]) -> str:
    """A heading, quotation or item whose words stand in several lines, followed by as many empty ones."""
    return f"{element[1]}{' '.join(element[3].split())}{element[4]}" + "\n" * element[0].count("\n")


def has_tags(html: str) -> bool:
    """Whether a piece of HTML has anything that `without_tags` takes out."""
    return any(pattern.search(html) for pattern in (_COMMENT, _SILENT, _DECLARATION)) or any(
        name.lower() not in EXAMPLE_TAGS for name in _TAG.findall(html)
    )


def example_lines(lines: Sequence[str], code: Collection[int]) -> set[int]:
    """The numbers of the lines of example chats: from a tag such as `<user>` to the one that closes it.

    Args:
        lines: of the whole source.
        code: numbers of the lines that are code, in which no tag counts.
    """
    numbers: set[int] = set()
    opened: tuple[int, str] | None = None
    for number, line in enumerate(lines, start=1):
        match = _TAG.match(line.strip()) if number not in code else None
        name = match[1].lower() if match else ""
        if opened is None and name in EXAMPLE_TAGS and match and not match[0].startswith("</"):
            opened = number, name
        if opened and number not in code and f"</{opened[1]}>" in line.lower():
            numbers.update(range(opened[0], number + 1))
            opened = None
    return numbers


def is_html_tag(tag: str) -> bool:
    """Whether an inline tag or comment is HTML; `<user>` is not, and is text."""
    match = _TAG.fullmatch(tag)
    return match is None or match[1].lower() in HTML_TAGS
