"""Bars."""

from __future__ import annotations

import io

import pytest
from helpers.terminals import shown, terminal
from rich.console import Console

from msm_mlx.console.abilities import SCREEN_READER
from msm_mlx.console.drawings import LengthBar
from msm_mlx.console.tables import ConsoleTable
from msm_mlx.console.terminal import TerminalConsole


@pytest.mark.parametrize(
    ("share", "unicode", "ascii"),
    [(1.0, "█████", "#####"), (0.6, "███", "###"), (0.01, "▏", "#"), (0, "", "")],
)
def test_length(share: float, unicode: str, ascii: str) -> None:
    for encoding, bar in (("utf-8", unicode), ("latin-1", ascii)):
        stream = terminal(encoding)
        TerminalConsole(stream, {"NO_COLOR": "1"}).print(LengthBar(share, 5))

        assert shown(stream).strip() == bar


def test_bars_of_a_narrow_column_keep_their_proportion() -> None:
    table = ConsoleTable(show_header=False, box=None, pad_edge=False)
    for share in (1.0, 0.5):
        table.add_row("a name that is long", LengthBar(share, 30))
    file = io.StringIO()
    Console(file=file, width=40).print(table)

    assert [line.count("█") for line in file.getvalue().splitlines()] == [19, 10]


def test_plain_lines_have_none() -> None:
    stream = terminal()
    TerminalConsole(stream, {SCREEN_READER: "1"}).print(LengthBar(1, 10))

    assert shown(stream).strip() == ""
