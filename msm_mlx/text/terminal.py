"""Text that shows what it holds: nothing in it is a command to a terminal, or turns the reading direction."""

from __future__ import annotations

import unicodedata

from rich.text import Text

from msm_mlx.text.characters import needed_places


def visible(text: str) -> str:
    """`text` with control, formatting and separator characters as escapes; its line breaks stay."""
    return "\n".join(line if line.isprintable() else _escaped(line) for line in text.split("\n"))


def _escaped(line: str) -> str:
    """A line whose characters are all printable, some kind of space, or needed by the script they stand in."""
    needed = needed_places(line)
    return "".join(
        c if c.isprintable() or unicodedata.category(c) == "Zs" or place in needed else f"\\u{ord(c):04x}"
        for place, c in enumerate(line)
    )


def literal(text: str, style: str = "") -> Text:
    """Text that no terminal takes for a command: control, formatting and separator characters appear as escapes."""
    return Text(visible(text), style, overflow="fold")
