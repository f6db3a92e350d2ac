"""The rows of a file: JSON lines, a list, or a table of CSV or parquet, whatever the file's name says.

A file may be compressed by gzip, in UTF-8 or UTF-16, and its JSON spread over lines.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

from msm_mlx.errors import RecipeError
from msm_mlx.rows.formats import GZIP, HEAD, PARQUET, encoding_of, foreign_format, is_csv, is_plain_text
from msm_mlx.rows.hub import data_files
from msm_mlx.rows.json_text import JsonValue, NotJsonError, value_of, values_of, values_within, why_not
from msm_mlx.rows.problems import DataRow, RowError, RowProblem
from msm_mlx.rows.tables import csv_rows, parquet_rows
from msm_mlx.text.wording import describe, listed

LISTS = (  # keys of an object that is nothing but a list of rows
    "data", "rows", "examples", "train", "records", "dataset", "items", "samples", "entries", "instances", "chats",
    "conversations", "dialogs", "documents",
)  # fmt: skip
SPLITS = ("test", "validation", "valid", "val", "dev", "eval")  # that stand beside `train`
MESSAGE_KEYS = {"role", "from"}  # of a list that is one chat
PROBED_LINES = 20
_NOT_UTF8 = "is not UTF-8 text; save the file as UTF-8"


def read_rows(source: str) -> Iterator[DataRow]:
    """The rows of all files of `source`, in order.

    Raises:
        RecipeError: with file and line, if a file cannot be read, or, once all others are given, some rows cannot.
        SetupError: if the data set, or what reads it, cannot be had.
    """
    problems: list[RowProblem] = []
    for row in rows_and_problems(source):
        if isinstance(row, DataRow):
            yield row
        else:
            problems.append(row)
    if problems:
        raise RowError(problems)


def rows_and_problems(source: str) -> Iterator[DataRow | RowProblem]:
    """The rows of all files of `source`, in order, and in the place of one that cannot be read what is wrong with it.

    Raises:
        RecipeError: if a whole file cannot be read.
        SetupError: if the data set, or what reads it, cannot be had.
    """
    for path in data_files(source):
        try:
            yield from _rows_of(path)
        except FileNotFoundError as error:
            raise RecipeError(f"{path}: no such file; check the path") from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise RecipeError(f"{path}: is cut off or damaged ({error}); download or compress it again") from error
        except OSError as error:
            raise RecipeError(f"{path}: cannot be read: {error.strerror or error}") from error


def _rows_of(path: Path) -> Iterator[DataRow | RowProblem]:
    with path.open("rb") as plain:
        compressed = plain.peek(HEAD).startswith(GZIP)
        with io.BufferedReader(gzip.GzipFile(fileobj=plain)) if compressed else plain as file:
            head = file.peek(HEAD)[:HEAD]
            if head.startswith(PARQUET):
                if compressed:
                    raise RecipeError(f"{path}: is a table of parquet compressed once more; unpack it with `gunzip`")
                yield from parquet_rows(path)
                return
            if what := foreign_format(head):
                raise RecipeError(f"{path}: is {what}")
            yield from _text_rows(path, _as_utf8(path, file, encoding_of(head)))


def _as_utf8(path: Path, file: IO[bytes], encoding: str) -> IO[bytes]:
    if encoding == "utf-8":
        return file
    if encoding == "utf-8-sig":
        file.read(3)
        return file
    try:
        return io.BytesIO(file.read().decode(encoding).encode())
    except UnicodeError as error:
        raise RecipeError(f"{path}: begins as {encoding.upper()} text and is none; save it as UTF-8") from error


def _text_rows(path: Path, file: IO[bytes]) -> Iterator[DataRow | RowProblem]:
    """The rows of a text: one a line, if the first line that is not blank is a whole object, else of the whole text.

    What is no JSON may be a table.
    """
    lines = enumerate(file, start=1)
    number, line = next(((number, line) for number, line in lines if line.strip()), (0, b""))
    first = _line_rows(path, number, line)
    if any(isinstance(row, DataRow) for row in first) and not _list_key(first) and not _rows_of_columns(first):
        yield from first
        yield from _rows_by_line(path, lines)
        return
    rest = list(lines)
    data = b"\n" * (number - 1) + line + b"".join(line for _, line in rest)
    rows = _spread_rows(path, data)
    if rows is not None:
        yield from rows
        return
    if is_csv(line.decode(errors="replace").strip(), path.name):
        yield from csv_rows(path, _as_text(path, data), number)
        return
    begin = next((one for one in [line, *(one for _, one in rest)] if not one.startswith((b"#", b"\n", b"\r"))), line)
    if is_plain_text(begin.decode(errors="replace").strip()):
        raise RecipeError(
            f"{path}: is YAML or plain text, and rows are JSON; preferences in YAML need a name that ends with .yaml"
        )
    yield from first
    yield from _rows_by_line(path, rest)


def _as_text(path: Path, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RecipeError(f"{path}:{line}: {_NOT_UTF8}") from error


def _rows_by_line(path: Path, lines: Iterable[tuple[int, bytes]]) -> Iterator[DataRow | RowProblem]:
    for number, line in lines:
        yield from _line_rows(path, number, line)


def _line_rows(path: Path, number: int, line: bytes) -> list[DataRow | RowProblem]:
    """The objects of a line, of which there is one in a file that is in order."""
    line = line.removeprefix(codecs.BOM_UTF8)  # where files were put one behind the other
    if not line.strip():
        return []
    if b"\0" in line:
        message = "holds NUL bytes: the file is damaged here, or is no text; make it again"
        return [RowProblem(path, number, "holds NUL bytes", message)]
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return [RowProblem(path, number, "is not UTF-8 text", _NOT_UTF8)]
    try:
        values = [value_of(text)]
    except (ValueError, RecursionError) as error:
        try:
            values = [value.content for value in values_of(text)] if text.lstrip().startswith("{") else []
        except NotJsonError:
            values = []
        if not values:
            return [RowProblem(path, number, "is not JSON", f"is not JSON: {why_not(text, error)}")]
    return [_row(path, JsonValue(number, value)) for value in values]


def _row(path: Path, value: JsonValue) -> DataRow | RowProblem:
    if isinstance(value.content, dict):
        return DataRow(path, value.line, value.content)
    kind = "is no object"
    if isinstance(value.content, str) and value.content.lstrip().startswith("{"):
        return RowProblem(path, value.line, kind, "is JSON within a text; write the object without quotes around it")
    remedy = ', as {"messages": [...]}' if isinstance(value.content, list) else ""
    return RowProblem(path, value.line, kind, f"must be a JSON object{remedy}, not {describe(value.content)}")


def _list_key(rows: Sequence[DataRow | RowProblem]) -> str | None:
    """The key of the list of objects that a single row is about.

    Raises:
        RecipeError: if it has several such lists, of which all but one would be lost.
    """
    if len(rows) != 1 or not isinstance(rows[0], DataRow):
        return None
    content = rows[0].content
    lists = [key for key in (*LISTS, *SPLITS) if isinstance(content.get(key), list) and _are_rows(content[key])]
    key = next((key for key in lists if key in LISTS), None)
    if key and len(lists) > 1:
        named = listed([describe(key) for key in lists])
        raise RecipeError(f"{rows[0].file}: has rows in several lists, {named}; save the one to be read as a file")
    return key


def _rows_of_columns(rows: Sequence[DataRow | RowProblem]) -> list[DataRow | RowProblem]:
    """The rows of a table that a single row is: its columns are lists of texts, or are numbered, as pandas has them."""
    if len(rows) != 1 or not isinstance(rows[0], DataRow):
        return []
    file, line, columns = rows[0].file, rows[0].line, rows[0].content
    cells = [list(values.values()) if isinstance(values, dict) else values for values in columns.values()]
    numbered = [values for values in columns.values() if isinstance(values, dict)]
    are_numbered = len(numbered) == len(columns) and all(
        values and values.keys() == numbered[0].keys() and all(map(str.isdecimal, values)) for values in numbered
    )
    are_texts = len(columns) > 1 and all(
        isinstance(values, list) and values and len(values) == len(cells[0]) and all(isinstance(v, str) for v in values)
        for values in columns.values()
    )
    if not columns or not (are_numbered or are_texts):
        return []
    return [DataRow(file, line, dict(zip(columns, row, strict=True))) for row in zip(*cells, strict=True)]


def _are_rows(values: Sequence[object]) -> bool:
    """Whether these are objects, and no messages of a chat."""
    return bool(values) and all(isinstance(value, dict) and MESSAGE_KEYS.isdisjoint(value) for value in values)


def _spread_rows(path: Path, data: bytes) -> list[DataRow | RowProblem] | None:
    """The rows of JSON that goes over lines, a list of objects among it; None if the text is rather one of lines."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    start = len(text) - len(text.lstrip())
    if not text.startswith(("{", "["), start) or "\0" in text:
        return None
    line = text.count("\n", 0, start) + 1
    rows: list[DataRow | RowProblem] = []
    try:
        for value in values_of(text, start, line):
            rows.append(_row(path, value))
    except NotJsonError as error:
        if _has_lines_of_json(text):
            return None
        rows.append(RowProblem(path, error.line, "is not JSON", f"is not JSON: {error.reason}", ends_file=True))
    if key := _list_key(rows):
        return [_row(path, value) for value in values_within(text, key)]
    return _rows_of_columns(rows) or rows


def _has_lines_of_json(text: str) -> bool:
    """Whether most of the first lines are JSON as a whole, so that one that is not is a mistake in a file of lines."""
    lines = [line for line in islice(text.split("\n"), PROBED_LINES) if line.strip()]
    return 2 * sum(map(_is_whole, lines)) >= len(lines)


def _is_whole(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict | list)
    except (ValueError, RecursionError):
        return False
