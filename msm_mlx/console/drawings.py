"""Drawings in characters. What they show stands beside them in numbers, so that lines of words leave them out."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from msm_mlx.console.terminal import is_plain

BLOCK, SLIVER, ASCII_BLOCK = "\u2588", "\u258f", "#"
SHORT = 8  # columns of the longest bar, where there is little room


@dataclass(frozen=True)
class LengthBar:
    """A bar that takes `share` of `width` columns, or of what there is; anything above zero can be seen.

    Plain lines have none.
    """

    share: float
    width: int
    style: str = "name"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not is_plain(console):
            block, sliver = (ASCII_BLOCK, ASCII_BLOCK) if options.ascii_only else (BLOCK, SLIVER)
            length = round(self.share * min(self.width, options.max_width))
            yield Text(block * length or sliver * (self.share > 0), self.style)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(SHORT, self.width), min(self.width, options.max_width))


@dataclass(frozen=True)
class TextDrawing:
    """Any other characters that draw. Plain lines have none."""

    characters: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not is_plain(console):
            yield self.characters

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self.characters)
