"""Consoles that show what their stream can take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.theme import Theme

from msm_mlx.console.abilities import abilities_of, is_limited
from msm_mlx.text.encoding import in_ascii_marks

# Of xterm's 256 colours those that can be read on black and on white alike, with a contrast of 4 to 1 on the poorer.
# None is the only bearer of a meaning: a word says the same.
STYLES = {
    "ok": "color(28)",
    "warning": "color(130)",
    "error": "color(160)",
    "name": "color(30)",
    "quiet": "color(243)",
    "table.title": "bold",
    "bar.back": "color(243)",
    "bar.complete": "color(30)",
    "bar.finished": "color(28)",
    "bar.pulse": "color(30)",
    "progress.download": "color(28)",
    "progress.remaining": "color(30)",
}


class TerminalConsole(Console):
    """A rich console that knows what it may show.

    Lines are wrapped between words; with `whole_lines` not in a file or a pipe, where programs read them. Numbers and
    paths have no colours of their own.
    """

    def __init__(self, stream: TextIO, environment: Mapping[str, str], *, whole_lines: bool = False) -> None:
        abilities = abilities_of(stream, environment)
        super().__init__(
            file=stream,
            force_terminal=abilities.colour or abilities.cursor,
            force_interactive=abilities.cursor,
            color_system=_color_system(environment) if abilities.colour else None,
            no_color=not abilities.colour,
            theme=Theme(STYLES),
            highlight=False,
            soft_wrap=whole_lines and not stream.isatty(),
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


def _color_system(environment: Mapping[str, str]) -> Literal["auto", "256"]:
    """As the terminal says; a file, into which colours are forced, says nothing."""
    return "256" if is_limited(environment) else "auto"
