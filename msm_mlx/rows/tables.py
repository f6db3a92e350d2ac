"""Rows of tables: parquet, and CSV with the names of its columns in the first line. pyarrow is imported for parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.rows.problems import DataRow, RowProblem
from msm_mlx.text.wording import describe

DELIMITERS = (",", ";", "\t", "|")


def parquet_rows(path: Path) -> Iterator[DataRow]:
    """The rows of a table of parquet; their lines are their numbers.

    Raises:
        RecipeError: if it cannot be read.
        SetupError: if pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise SetupError(f"{path}: needs pyarrow to be read; `pip install 'msm-mlx[parquet]'`") from error
    try:
        number = 0
        for batch in parquet.ParquetFile(path).iter_batches():
            for content in batch.to_pylist(maps_as_pydicts="lossy"):
                number += 1
                yield DataRow(path, number, content)
    except (OSError, pyarrow.ArrowException) as error:
        raise RecipeError(f"{path}: cannot be read as parquet: {error}") from error


def csv_rows(path: Path, text: str, line: int) -> Iterator[DataRow | RowProblem]:
    """The rows of a table whose columns are named on `line` of `text`. A column without a name is left out.

    Raises:
        RecipeError: if two columns have one name, or there is no row below the names.
    """
    file = io.StringIO(text, newline="")
    for _ in range(line - 1):
        next(file)
    header = next(file)
    if header.casefold().startswith("sep="):  # by which Excel is told the delimiter
        header, line = next(file, ""), line + 1
    delimiter = max(DELIMITERS, key=lambda sign: len(next(csv.reader([header], delimiter=sign))))
    names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter))]
    if twice := next((name for name in names if name and names.count(name) > 1), None):
        raise RecipeError(f"{path}:{line}: two columns are called {describe(twice)}; rename one")
    rows = csv.reader(file, delimiter=delimiter, strict=True)
    begin = line
    try:
        for cells in rows:
            begin, number = line + rows.line_num, begin + 1
            if cells:
                yield _row(path, number, names, cells)
    except csv.Error as error:
        too_long = "field limit" in str(error)
        remedy = "save the table as .jsonl" if too_long else "double each quotation mark within a cell"
        message = f"is no row of a table: {error}; {remedy}"
        yield RowProblem(path, begin + 1, "is no row of a table", message, ends_file=True)
        return
    if begin == line:
        raise RecipeError(f"{path}: has the names of columns and no row below them")


def _row(path: Path, line: int, names: list[str], cells: list[str]) -> DataRow | RowProblem:
    if len(cells) != len(names):
        message = f"has {len(cells)} cells, and the columns are {len(names)}; put a cell with separators into quotes"
        return RowProblem(path, line, "has other columns", message)
    return DataRow(path, line, {name: cell for name, cell in zip(names, cells, strict=True) if name})
