"""Consoles that show what their stream can take."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.theme import Theme

from msm_mlx.console.abilities import abilities_of, is_limited
from msm_mlx.text.encoding import in_ascii_marks

# Of xterm's 256 colours those that can be read on black and on white alike, with a contrast of nearly 4 to 1 or more.
# None is the only bearer of a meaning: a word says the same.
STYLES = {
    "ok": "color(28)",
    "warning": "color(130)",
    "error": "color(160)",
    "name": "color(30)",
    "quiet": "color(243)",
    "table.title": "bold",
}


class TerminalConsole(Console):
    """A rich console that knows what it may show.

    Lines are wrapped between words; with `whole_lines` not in a file or a pipe, where programs read them. Numbers and
    paths have no colours of their own.
    """

    def __init__(self, stream: TextIO, environment: Mapping[str, str], *, whole_lines: bool = False) -> None:
        abilities, is_terminal = abilities_of(stream, environment), stream.isatty()
        width, height = _limited_size(stream, environment) if is_terminal and is_limited(environment) else (None, None)
        super().__init__(
            file=stream,
            force_terminal=is_terminal,
            force_interactive=abilities.cursor,
            color_system=("auto" if is_terminal else "256") if abilities.colour else None,
            width=width,
            height=height,
            no_color=not abilities.colour,
            theme=Theme(STYLES),
            highlight=False,
            soft_wrap=whole_lines and not is_terminal,
        )
        self.abilities = abilities

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What rich makes of it; in plain lines every mark is its like in ASCII, and letters of all scripts stay."""
        segments = super().render(renderable, options)
        if not self.abilities.plain:
            return segments
        return (Segment(in_ascii_marks(text), style, control) for text, style, control in segments)


def is_plain(console: Console) -> bool:
    """Whether `console` wants lines for a screen reader."""
    return isinstance(console, TerminalConsole) and console.abilities.plain


def _limited_size(stream: TextIO, environment: Mapping[str, str]) -> tuple[int, int]:
    """The columns and lines of a terminal that knows no escape sequences; rich takes all of them for 80 by 25."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        size = os.terminal_size((0, 0))
    columns = environment.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() and int(columns) else size.columns or 80, size.lines or 25
