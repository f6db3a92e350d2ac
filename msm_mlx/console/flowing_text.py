"""Text that comes in pieces, in lines that end between words."""

from __future__ import annotations

import re
from collections.abc import Callable

from rich.cells import cell_len

_PARTS = re.compile(r"\s|\S+")


class FlowingText:
    """Hands text on as soon as its words are whole. Without a `width`, in columns, everything goes on as it comes."""

    def __init__(self, write: Callable[[str], None], width: int | None) -> None:
        self._write = write
        self._width = width
        self._column = 0
        self._spaces, self._word = "", ""

    def add(self, text: str) -> None:
        if self._width is None:
            self._write(text)
            return
        for part in _PARTS.findall(text):
            if not part.isspace():
                self._word += part
                self._end_word(self._width, is_whole=False)
                continue
            self._end_word(self._width)
            self._spaces += part
            if part == "\n":
                self._write("\n")
                self._column, self._spaces = 0, ""

    def end(self) -> None:
        """No more text comes."""
        if self._width is not None:
            self._end_word(self._width)

    def _end_word(self, width: int, *, is_whole: bool = True) -> None:
        """Write the word, in a new line if this one has no room.

        One that is not whole is written where there is nothing to wait for: it fills a line by itself, or its script is
        one of wide characters, without spaces.
        """
        length = cell_len(self._word)
        if not self._word or (not is_whole and length < width and length == len(self._word)):
            return
        if self._column and self._column + len(self._spaces) + length > width:
            self._write(f"\n{self._word}")
            self._column = length
        else:
            self._write(f"{self._spaces}{self._word}")
            self._column += len(self._spaces) + length
        self._spaces, self._word = "", ""
