"""Tables of CSV, as spreadsheets and pandas write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.errors import RecipeError
from msm_mlx.rows.problems import DataRow, RowProblem
from msm_mlx.rows.tables import csv_rows

PATH = Path("a.csv")


@pytest.mark.parametrize(
    ("text", "line", "rows"),
    [
        ("q,a\nWhich?,This.\n", 1, [(2, {"q": "Which?", "a": "This."})]),
        ("q;a\r\nWhich, then?;This.\r\n", 1, [(2, {"q": "Which, then?", "a": "This."})]),
        (
            "q\ta\n\n\"x\ny\"\t\"say \"\"this\"\"\"\nb\tc",
            1,
            [(3, {"q": "x\ny", "a": 'say "this"'}), (5, {"q": "b", "a": "c"})],
        ),
        ("sep=;\nq;a\nWhich?;This.\n", 1, [(3, {"q": "Which?", "a": "This."})]),
        (",q, a\n0,Which?,\n", 1, [(2, {"q": "Which?", "a": ""})]),
        ("\n\nq\nWhich?\n", 3, [(4, {"q": "Which?"})]),
    ],
)  # fmt: skip
def test_rows_have_the_names_of_the_columns_and_their_first_line(
    text: str, line: int, rows: list[tuple[int, dict[str, str]]]
) -> None:
    assert list(csv_rows(PATH, text, line)) == [DataRow(PATH, number, content) for number, content in rows]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("q,a\nx,y\nWhich, then?,This.\n", 3, "has 3 cells, and the columns are 2"),
        ('q,a\n"open,this\n', 2, "is no row of a table: unexpected end of data; double each quotation mark"),
        (f"q,a\nx,{'y' * 140_000}\n", 2, "save the table as .jsonl"),
        ("q,a\nx\n", 2, "has 1 cells, and the columns are 2"),
        ('q,a\nx,y\n"open,this\n', 3, "is no row of a table: unexpected end of data"),
    ],
)
def test_what_is_no_row_is_told_with_its_line(text: str, line: int, words: str) -> None:
    *_, problem = csv_rows(PATH, text, 1)
    assert isinstance(problem, RowProblem)
    assert (problem.line, words in problem.message) == (line, True), problem.message


@pytest.mark.parametrize(("text", "words"), [("q,q\n1,2\n", "two columns are called 'q'"), ("q,a\n", "no row below")])
def test_names_that_cannot_be_used_are_told(text: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        list(csv_rows(PATH, text, 1))
