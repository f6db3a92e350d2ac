"""The arms with their numbers, and how strongly each prefers one option of the forced choice to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from msm_mlx.console.terminal import STYLES
from msm_mlx.text.terminal import literal

NO_SCORE = "-"
LOW_TERMINAL = 30  # lines of a terminal in which many arms would leave the answers no room
MANY_ARMS = 5  # arms


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
    are to stay hidden, in as many lines, so that nothing on the screen moves. `hidden` are the numbers of arms that are
    not in `arms`.
    """

    arms: tuple[ArmRow, ...] = ()
    target: str = ""
    other: str = ""
    note: str = ""
    hidden: tuple[int, ...] = ()

    def listed(self, height: int) -> ScoreRows:
        """As much of it as a terminal of so many lines has room for: where that is little, the arms that are shown."""
        if height >= LOW_TERMINAL or len(self.arms) <= MANY_ARMS:
            return self
        hidden = tuple(row.number for row in self.arms if not row.shown)
        return replace(self, arms=tuple(row for row in self.arms if row.shown), hidden=hidden)

    @property
    def lines(self) -> int:
        return max(len(self.arms) + bool(self.target) + bool(self.hidden), 1)


class ScoreBars(Widget):
    """A bar for each arm: to the right for the target, to the left for the other option."""

    rows: reactive[ScoreRows] = reactive(ScoreRows(), layout=True)
    """What is shown."""

    def render(self) -> Text:
        return score_bars(self._listed, self.size.width)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return self._listed.lines

    @property
    def _listed(self) -> ScoreRows:
        return self.rows.listed(self.app.size.height)

    def on_click(self, event: Click) -> None:
        rows = self._listed
        line = event.y - bool(rows.target)
        if not rows.note and 0 <= line < len(rows.arms):
            self.post_message(ArmClicked(rows.arms[line].number))


def score_bars(rows: ScoreRows, width: int) -> Text:
    """As many lines as there are arms, one above that says which side is which, one below of what is not listed."""
    if rows.note:
        return Text(rows.note, "italic", overflow="fold")
    digits = max((len(str(row.number)) for row in rows.arms), default=1)
    room = width - digits
    label_width = min(max((len(row.label) for row in rows.arms), default=0), max(room - 20, 7))
    lines = [_caption(rows, width)] if rows.target else []
    largest = max((abs(row.margin) for row in rows.arms if row.margin is not None), default=1.0)
    bar_width = max(room - label_width - 11, 4)
    for row, label in zip(rows.arms, short_labels([row.label for row in rows.arms], label_width), strict=True):
        mark = "●" if row.shown else "○"
        line = Text(f"{row.number:>{digits}} {mark} ", "" if row.shown else "dim")
        line.append_text(_fit(literal(label), label_width))
        if rows.target:
            line.append(" ")
            line.append_text(margin_bar(row.margin, max(largest, 1.0), bar_width))
            line.append(f"{NO_SCORE if row.margin is None else f'{row.margin:+.2f}':>7}")
        lines.append(line)
    if rows.hidden:
        lines.append(_fit(Text(f"○ {' '.join(map(str, rows.hidden))} hidden: keys show them", "dim"), width))
    return Text("\n", no_wrap=True).join(lines)


def _caption(rows: ScoreRows, width: int) -> Text:
    half = max((width - 3) // 2, 3)
    caption = Text("← ").append_text(_fit(literal(rows.other), half - 2))
    caption.append(" " * max(width - 2 * half, 1))
    return caption.append_text(_fit(literal(rows.target), half - 2, right=True)).append(" →")


def margin_bar(margin: float | None, largest: float, width: int) -> Text:
    """A bar from the middle, half a cell the finest step; `largest` reaches the edge."""
    side = (width - 1) // 2
    halves = 0 if margin is None else min(round(abs(margin) / largest * side * 2), side * 2)
    full, half = divmod(halves, 2)
    right, left = "━" * full + "╸" * half, "╺" * half + "━" * full
    positive = margin is not None and margin > 0
    bar = Text(" " * side if positive else left.rjust(side), STYLES["warning"])
    bar.append("│", "dim")
    bar.append(right.ljust(side) if positive else " " * side, STYLES["ok"])
    return bar


def short_labels(labels: Sequence[str], width: int) -> list[str]:
    """Labels in so many characters each: where one is too long, the specs lose the words that all begin with."""
    specs = [spec for _, at, spec in (label.partition("@") for label in labels) if at]
    if not specs or max(map(len, labels)) <= width:
        return list(labels)
    first, last = min(specs), max(specs)
    shared = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    letters = shared if first != last else 0
    words = first[:letters].rfind("_") + 1
    for start, mark in ((words, ""), (letters, "…")):
        short = [f"{arm}{at}{mark if at else ''}{spec[start:]}" for arm, at, spec in (x.partition("@") for x in labels)]
        if len({label[: width - 1] for label in short}) == len(labels):
            break
    return short


def _fit(text: Text, width: int, *, right: bool = False) -> Text:
    text.truncate(width, overflow="ellipsis")
    missing = max(width - text.cell_len, 0)
    return Text(" " * missing).append_text(text) if right else text.append(" " * missing)
