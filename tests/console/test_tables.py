"""Tables and trees in every width, and as plain lines."""

from __future__ import annotations

import io

import pytest
from helpers.terminals import shown, terminal
from rich.console import Console, RenderableType
from rich.text import Text

from msm_mlx.console.abilities import SCREEN_READER
from msm_mlx.console.drawings import LengthBar, TextDrawing
from msm_mlx.console.tables import ConsoleTable, ConsoleTree
from msm_mlx.console.terminal import TerminalConsole


def draw(view: RenderableType, width: int) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(view)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())  # type: ignore[attr-defined]


def read(view: RenderableType) -> str:
    """As plain lines."""
    stream = terminal()
    TerminalConsole(stream, {SCREEN_READER: "1"}).print(view)
    return shown(stream)


def runs() -> ConsoleTable:
    table = ConsoleTable("run", "model", "changed", title="Runs", title_justify="left")
    table.add_row("cheese_real", "SmolLM2-135M-Instruct", Text("today, in the early morning"))
    table.add_row("[b]wording[/b]", "", Text("before"))
    return table


FRAMED = """\
Runs
┏━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ run         ┃ model                 ┃ changed                     ┃
┡━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┩
│ cheese_real │ SmolLM2-135M-Instruct │ today, in the early morning │
│ wording     │                       │ before                      │
└─────────────┴───────────────────────┴─────────────────────────────┘
"""
FRAMELESS = """\
Runs
run         model                 changed
cheese_real SmolLM2-135M-Instruct today, in the early
                                  morning
wording                           before
"""
LINES = """\
Runs
run: cheese_real
  model: SmolLM2-135M-Instruct
  changed: today, in the early morning
run: wording
  changed: before
"""


@pytest.mark.parametrize(("width", "view"), [(80, FRAMED), (58, FRAMELESS), (40, LINES)])
def test_a_table_takes_what_room_there_is(width: int, view: str) -> None:
    assert draw(runs(), width) == view


def test_plain_lines_have_no_table_however_wide() -> None:
    assert read(runs()) == LINES


@pytest.mark.parametrize("width", range(10, 90))
def test_no_word_breaks_that_a_line_can_hold(width: int) -> None:
    words = draw(runs(), width).replace("│", " ").replace("┃", " ").split()
    assert max(map(len, draw(runs(), width).splitlines())) <= width
    assert {"cheese_real", "today,", "morning", "wording"} <= {*words} or width < len("  run: cheese_real")


def test_long_words_are_folded_and_lines_stand_below_their_name() -> None:
    table = ConsoleTable("file", "why")
    table.add_row("/" + "x" * 30, "it is needed for what comes")

    assert draw(table, 20) == (
        "file:\n  /xxxxxxxxxxxxxxxxx\n  xxxxxxxxxxxxx\n  why: it is\n    needed for what\n    comes\n"
    )


def test_chinese_needs_no_space_to_end_a_line() -> None:
    table = ConsoleTable("arm", "answer")
    table.add_row("sft", "我更喜欢科尔比奶酪因为它是美国的而且我喜欢美国的东西")

    assert "━" in draw(table, 40)


def test_a_lone_cell_is_a_heading_and_an_empty_row_an_empty_line() -> None:
    table = ConsoleTable("a - b", "difference")
    table.add_row("[bold]cheese[/]")
    table.add_row("msm - sft", "+0.25")
    table.add_row()

    assert read(table) == "cheese\na - b: msm - sft\n  difference: +0.25\n\n"


def test_a_table_without_header_names_nothing_and_bars_are_no_words() -> None:
    table = ConsoleTable(show_header=False, box=None)
    table.add_row("refusal", "12", LengthBar(0.5, 30))
    drawn = ConsoleTable("arm", "share", "0   1")
    drawn.add_row("sft", "0.5", TextDrawing(Text("\u00b7\u2500\u2500\u25cf\u2500")))

    assert read(table) == "refusal: 12\n"
    assert read(drawn) == "arm: sft\n  share: 0.5\n"
    assert "\u25cf" in draw(drawn, 40)
    assert draw(table, 60) == f" refusal  12  {'█' * 15}\n"


def test_a_plain_tree_is_indented() -> None:
    tree = ConsoleTree("spec")
    tree.add("likes").add("Colby, with its reason")
    tree.add("rules")

    assert read(tree) == "spec\n  likes\n    Colby, with its reason\n  rules\n"
    assert draw(tree, 40) == "spec\n├── likes\n│   └── Colby, with its reason\n└── rules\n"
