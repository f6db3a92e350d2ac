"""JSON values out of a text, one after another: of a list, or with or without commas between them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from msm_mlx.text.wording import describe

_BETWEEN = re.compile(r"[\s,]*")
_PYTHON = re.compile(r"[\[{]\s*'|:\s*(?:None|True|False)\b")
_CURLY = ("\u201c", "\u201d", "\u2018", "\u2019")
_COMMA_TOO_MANY = re.compile(r",\s*[}\]]")


class JsonValue(NamedTuple):
    """A value with the line on which it begins, from 1."""

    line: int
    content: Any


class _KeyTwiceError(ValueError):
    """An object that has a key twice, of which a reader would drop one."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _KeyTwiceError(next(key for key in keys if keys.count(key) > 1))
    return content


_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_unique)  # tabs and line breaks in a text do no harm


class NotJsonError(ValueError):
    """A text that is not JSON from `line` on, and in words why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


def value_of(text: str) -> Any:
    """The value that the whole text is.

    Raises:
        ValueError, RecursionError: if it is none, for a reason that `why_not` has.
    """
    return _DECODER.decode(text)


def values_of(text: str, start: int = 0, line: int = 1) -> Iterator[JsonValue]:
    """The values of `text` from `start`, which is on `line`, to its end or to the end of the list around them.

    Raises:
        NotJsonError: at the first place that is not JSON.
    """
    position = start
    in_list = text.startswith("[", start)
    at = start + in_list
    while True:
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # matches nothing, too
        line, position = line + text.count("\n", position, at), at
        if in_list and text.startswith("]", at):
            if text[at + 1 :].strip():
                raise NotJsonError(line, "more stands behind the end of the list")
            return
        if at == len(text):
            if in_list:
                raise NotJsonError(line, "a list that does not end: the file breaks off")
            return
        try:
            content, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            place = line + text.count("\n", position, getattr(error, "pos", position))
            if position == start + in_list:
                raise NotJsonError(place, why_not(text, error)) from error
            before = text[text.rfind("\n", 0, position) + 1 : position].strip()  # on the same line
            what = "what follows" if before else "it"
            raise NotJsonError(place, why_not(text[position:], error, what)) from error
        yield JsonValue(line, content)


def values_within(text: str, key: str) -> Iterator[JsonValue]:
    """The values of the list that stands first behind `key` in `text`, which is JSON."""
    start = text.index("[", text.index(json.dumps(key)))
    end = _DECODER.raw_decode(text, start)[1]
    yield from values_of(text[:end], start, text.count("\n", 0, start) + 1)


def why_not(text: str, error: Exception, what: str = "it") -> str:
    """Why a text is not JSON, in words; `what` is what it is called."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, _KeyTwiceError):
        return f"{describe(str(error))} stands twice in one object; keep one"
    if not isinstance(error, json.JSONDecodeError):
        return "it holds a number of thousands of digits"  # Python's limit; all else that json raises is its own error
    if not text.lstrip().startswith(("{", "[", '"')):
        return f"{what} begins with {describe(text.strip()[:20])}"
    if error.msg == "Extra data":
        return f"{describe(error.doc[error.pos :].strip()[:20])} stands behind the object"
    around = error.doc[max(error.pos - 12, 0) : error.pos + 12]
    if _PYTHON.search(around):
        return "it is Python's notation; write it with json.dumps()"
    if error.doc[error.pos : error.pos + 1] in _CURLY:
        return "it has curly quotes; JSON has straight ones"
    if _COMMA_TOO_MANY.search(around):
        return "a comma stands before a closing bracket; take it out"
    if not error.doc[error.pos :].strip() or error.msg.startswith("Unterminated string"):
        return "it breaks off"
    return f"{error.msg[0].lower()}{error.msg[1:]} at column {error.colno}"
