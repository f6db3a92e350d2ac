"""Streams that take every text, whatever characters their encoding has."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable
from io import TextIOWrapper

ERRORS = "msm-mlx-visible"
_LIKE = {
    "\u2026": "...", "\u2014": "--", "\u2013": "-", "\u2212": "-", "\u00d7": "x", "\u2022": "*", "\u00b7": "*",
    "\u2192": "->", "\u2190": "<-", "\u2018": "'", "\u2019": "'", "\u2265": ">=", "\u2264": "<=", "\u00b1": "+-",
    "\u2713": "+", "\u00a0": " ", "\u201c": '"', "\u201d": '"', "\u2500": "-", "\u2502": "|", "\u2588": "#",
}  # fmt: skip
_ASCII_MARKS = str.maketrans(_LIKE)


def _visible(error: UnicodeError) -> tuple[str, int]:
    """Marks as their likes in ASCII, and all else as JSON escapes it, so that what is data stays valid."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_shown, error.object[error.start : error.end])), error.end


def _shown(character: str) -> str:
    if character in _LIKE:
        return _LIKE[character]
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))


def in_ascii_marks(text: str) -> str:
    """`text` with each mark that has a like in ASCII as that one. Letters stay as they are."""
    return text.translate(_ASCII_MARKS)


def unreadable_name(names: Iterable[str]) -> str | None:
    """The first name of a file or a folder that is no text in the encoding of this machine's file names, shown."""
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            return name.encode("utf-8", "backslashreplace").decode()
    return None


def take_every_text() -> None:
    """Let stdout and stderr show what their encoding has no character for, in place of an error."""
    codecs.register_error(ERRORS, _visible)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def whole_characters(text: str) -> str:
    """A text in which half a character, as JSON can spell it and no file can hold it, is the replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
