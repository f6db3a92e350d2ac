"""The arms with their numbers, and how strongly each prefers one option of the forced choice to the other."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from msm_mlx.compare.tables import literal

UNSCORED = "-"


class ArmClicked(Message):
    """Somebody wants to show or hide an arm."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@dataclass(frozen=True)
class ArmRow:
    """`number` is the key that shows or hides the arm."""

    number: int
    label: str
    shown: bool
    margin: float | None


@dataclass(frozen=True)
class ScoreRows:
    """All arms, with the two options if the prompt is a forced choice. `note` stands instead where they
    are to stay hidden, in as many lines, so that nothing on the screen moves.
    """

    arms: tuple[ArmRow, ...] = ()
    target: str = ""
    other: str = ""
    note: str = ""

    @property
    def lines(self) -> int:
        return max(len(self.arms) + bool(self.target), 1)


class ScoreBars(Widget):
    """A bar for each arm: to the right for the target, to the left for the other option."""

    rows: reactive[ScoreRows] = reactive(ScoreRows(), layout=True)
    """What is shown."""

    def render(self) -> Text:
        return score_bars(self.rows, self.size.width)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return self.rows.lines

    def on_click(self, event: Click) -> None:
        line = event.y - bool(self.rows.target)
        if not self.rows.note and 0 <= line < len(self.rows.arms):
            self.post_message(ArmClicked(self.rows.arms[line].number))


def score_bars(rows: ScoreRows, width: int) -> Text:
    """As many lines as there are arms, and one above that says which side is which."""
    if rows.note:
        return Text(rows.note, "italic", overflow="fold")
    label_width = min(max((len(row.label) for row in rows.arms), default=0), max(width - 21, 7))
    lines = []
    if rows.target:
        half = max((width - 3) // 2, 1)
        caption = Text()
        caption.append_text(_fit(literal(f"← {rows.other}"), half))
        caption.append(" " * max(width - 2 * half, 1))
        caption.append_text(_fit(literal(f"{rows.target} →"), half, right=True))
        lines.append(caption)
    largest = max((abs(row.margin) for row in rows.arms if row.margin is not None), default=1.0)
    bar_width = max(width - label_width - 12, 4)
    for row in rows.arms:
        mark = "●" if row.shown else "○"
        line = Text(f"{row.number} {mark} ", "" if row.shown else "dim")
        line.append_text(_fit(literal(short_label(row.label, label_width)), label_width))
        if rows.target:
            line.append(" ")
            line.append_text(margin_bar(row.margin, max(largest, 1.0), bar_width))
            line.append(f"{UNSCORED if row.margin is None else f'{row.margin:+.2f}':>7}")
        lines.append(line)
    return Text("\n", no_wrap=True).join(lines)


def margin_bar(margin: float | None, largest: float, width: int) -> Text:
    """A bar from the middle, half a cell the finest step; `largest` reaches the edge."""
    side = (width - 1) // 2
    halves = 0 if margin is None else min(round(abs(margin) / largest * side * 2), side * 2)
    full, half = divmod(halves, 2)
    right, left = "━" * full + "╸" * half, "╺" * half + "━" * full
    positive = margin is not None and margin > 0
    bar = Text(" " * side if positive else left.rjust(side), "yellow")
    bar.append("│", "dim")
    bar.append(right.ljust(side) if positive else " " * side, "green")
    return bar


def short_label(label: str, width: int) -> str:
    """A label in so many characters: the arm and the end of the spec's name, for specs tend to begin alike."""
    arm, at, spec = label.partition("@")
    room = width - len(arm) - 2
    return f"{arm}@…{spec[-room:]}" if at and len(label) > width and room > 2 else label


def _fit(text: Text, width: int, *, right: bool = False) -> Text:
    text.truncate(width, overflow="ellipsis")
    missing = max(width - text.cell_len, 0)
    return Text(" " * missing).append_text(text) if right else text.append(" " * missing)
