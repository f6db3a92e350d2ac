"""Text that shows what it holds: nothing in it is a command to a terminal, or turns the reading direction."""

from __future__ import annotations

import unicodedata

from rich.text import Text

from msm_mlx.text.characters import needed_places


def visible(text: str) -> str:
    """`text` with control, formatting and separator characters as escapes; its line breaks stay."""
    return "\n".join(line if line.isprintable() else _escaped(line) for line in text.split("\n"))


class VisibleStream:
    """Text that comes in pieces, each as `visible` has it. Invisible characters at the end of a piece wait for the next
    one, which may tell that their script needs them."""

    def __init__(self) -> None:
        self._line, self._shown = "", 0
        """The line that is not at its end yet, and how many of its characters were given."""

    def take(self, piece: str, *, ends: bool = False) -> str:
        """What can be shown now that `piece` has come; all of it if the text ends here."""
        *whole, last = (self._line + piece).split("\n")
        parts = []
        for line in whole:
            parts.append(_escaped(line, self._shown))
            self._shown = 0
        settled = len(last) if ends else _without_hidden_end(last)
        parts.append(_escaped(last, self._shown, settled))
        self._line, self._shown = last, max(settled, self._shown)
        return "\n".join(parts)


def _without_hidden_end(line: str) -> int:
    """The length of a line without the characters at its end that may appear as escapes."""
    length = len(line)
    while length and not _is_plain(line[length - 1]):
        length -= 1
    return length


def _is_plain(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(line: str, start: int = 0, end: int | None = None) -> str:
    """The part of a line whose characters are all printable, some kind of space, or needed by their script."""
    needed = set() if line.isprintable() else needed_places(line)
    return "".join(
        c if _is_plain(c) or place in needed else f"\\u{ord(c):04x}"
        for place, c in enumerate(line[:end])
        if place >= start
    )


def literal(text: str, style: str = "") -> Text:
    """Text that no terminal takes for a command: control, formatting and separator characters appear as escapes."""
    return Text(visible(text), style, overflow="fold")
