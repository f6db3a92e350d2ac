"""Rows of files: every form that is read, whatever the file is called, and every mistake with its place."""

from __future__ import annotations

import codecs
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from msm_mlx.errors import RecipeError
from msm_mlx.rows.problems import DataRow
from msm_mlx.rows.read import read_rows

ROWS = [{"text": "one"}, {"text": "two\u2028lines 🧀"}]
TEXT = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)


def read(folder: Path, content: bytes, name: str = "a.jsonl") -> list[DataRow]:
    (folder / name).write_bytes(content)
    return list(read_rows(str(folder / name)))


def complaint(folder: Path, content: bytes, name: str = "a.jsonl") -> str:
    with pytest.raises(RecipeError) as caught:
        read(folder, content, name)
    return str(caught.value).replace(str(folder), "")


@pytest.mark.parametrize(
    ("write", "lines"),
    [
        (lambda: TEXT.encode(), [1, 2]),
        (lambda: codecs.BOM_UTF8 + TEXT.encode(), [1, 2]),
        (lambda: TEXT.encode("utf-16"), [1, 2]),
        (lambda: TEXT.encode("utf-16-be"), [1, 2]),
        (lambda: TEXT.replace("\n", "\r\n\r\n").encode(), [1, 3]),
        (lambda: TEXT.rstrip().encode(), [1, 2]),
        (lambda: b"\n \n" + TEXT.encode(), [3, 4]),
        (lambda: TEXT.replace("}\n", "},\n").encode(), [1, 2]),
        (lambda: TEXT.replace("\n", "").encode(), [1, 1]),
        (lambda: gzip.compress(TEXT.encode()), [1, 2]),
        (lambda: gzip.compress(TEXT.encode("utf-16")), [1, 2]),
        (lambda: json.dumps(ROWS).encode(), [1, 1]),
        (lambda: json.dumps(ROWS, indent=1).encode(), [2, 5]),
        (lambda: json.dumps(ROWS, indent=1).replace("}\n]", "},\n]").encode(), [2, 5]),
        (lambda: "\n".join(json.dumps(row, indent=2) for row in ROWS).encode(), [1, 4]),
        (lambda: json.dumps({"version": 1, "data": ROWS}).encode(), [1, 1]),
        (lambda: json.dumps({"conversations": ROWS}).encode(), [1, 1]),
        (lambda: json.dumps({"text": {"0": ROWS[0]["text"], "1": ROWS[1]["text"]}}).encode(), [1, 1]),
        (lambda: json.dumps({"text": {"5": ROWS[0]["text"], "7": ROWS[1]["text"]}}, indent=1).encode(), [1, 1]),
        (lambda: ',text\n0,one\n1,"two\u2028lines 🧀"\n'.encode(), [2, 3]),
        (lambda: json.dumps({"version": 1, "data": ROWS}, indent=1).encode(), [4, 7]),
    ],
)
@pytest.mark.parametrize("name", ["a.jsonl", "A.JSONL", "a.jsonl.gz", "a.json", "a.parquet", "a.txt"])
def test_rows_are_read_whatever_the_file_is_called(
    tmp_path: Path, name: str, write: Callable[[], bytes], lines: list[int]
) -> None:
    rows = read(tmp_path, write(), name)

    assert [row.content for row in rows] == ROWS
    assert [row.line for row in rows] == lines
    assert {row.file for row in rows} == {tmp_path / name}


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl"])
def test_tables_are_read_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="needs the extra parquet")
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / name)
    rows = list(read_rows(str(tmp_path / name)))
    assert [(row.line, row.content) for row in rows] == [(1, ROWS[0]), (2, ROWS[1])]

    assert "cannot be read as parquet" in complaint(tmp_path, (tmp_path / name).read_bytes()[:-9], name)


def test_an_object_that_is_one_chat_is_one_row(tmp_path: Path) -> None:
    chat = {"conversations": [{"from": "human", "value": "Which?"}, {"from": "gpt", "value": "This."}]}
    assert [row.content for row in read(tmp_path, json.dumps(chat).encode())] == [chat]


def test_columns_of_texts_are_the_rows_of_a_table(tmp_path: Path) -> None:
    columns = {"prompt": ["Which?", "Why?"], "completion": ["This.", "So."]}
    rows = [{"prompt": "Which?", "completion": "This."}, {"prompt": "Why?", "completion": "So."}]
    assert [row.content for row in read(tmp_path, json.dumps(columns).encode())] == rows
    others: list[dict[str, Any]] = [{"dialog": ["Q", "A"]}, {"prompt": ["Q"], "completion": ["A", "B"]}, {"a": {}}]
    for one in others:
        assert [row.content for row in read(tmp_path, json.dumps(one).encode())] == [one]


@pytest.mark.parametrize("content", [b"", b"\n\n \r\n", b"\xef\xbb\xbf", b"[]", gzip.compress(b"", mtime=0)])
def test_a_file_of_nothing_has_no_rows(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, content) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1}\n{"a": \n{}\n', "/a.jsonl:2: is not JSON: it breaks off"),
        (b'{"a": \n{}\n{}\n', "/a.jsonl:1: is not JSON: it breaks off"),
        (b"garbage\n", "/a.jsonl:1: is not JSON: it begins with 'garbage'"),
        (b"[1]\n", "/a.jsonl:1: must be a JSON object, not 1"),
        (b'{"train": [{}], "test": [{}]}', "/a.jsonl: has rows in several lists, 'train' and 'test'; save the one"),
        (b"[{}]\n[{}]\n", '/a.jsonl:1: must be a JSON object, as {"messages": [...]}, not a list\n/a.jsonl:2: must'),
        (b'"{}"\n', "/a.jsonl:1: is JSON within a text"),
        (
            b"{}\n\0\0\n{}\n\0\n",
            "/a.jsonl:2: holds NUL bytes: the file is damaged here, or is no text; make it again",
        ),
        (b'{"a": "caf\xe9"}\n' * 3, "/a.jsonl:1: is not UTF-8 text; save the file as UTF-8\n/a.jsonl:2: "),
        (b"\xff\xfe{", "/a.jsonl: begins as UTF-16 text and is none"),
        (b"prompt,response\n", "/a.jsonl: has the names of columns and no row below them"),
        (b"prompt,response\nA?,caf\xe9\n", "/a.jsonl:2: is not UTF-8 text; save the file as UTF-8"),
        (b"# what is liked\nlikes:\n- a\n", "/a.jsonl: is YAML or plain text"),
        (b"Human: Which?\nAssistant: This.\n", "/a.jsonl: is YAML or plain text"),
        (b"[a]\nb = 1\n", "/a.jsonl:1: is not JSON: expecting value at column 2"),
        (b"{}\n{} // good\n", "/a.jsonl:2: is not JSON: '// good' stands behind the object"),
        (b'{"a": 1}\n{"b": {"c": 1, "c": 2}}\n', "/a.jsonl:2: is not JSON: 'c' stands twice in one object; keep one"),
        (b"# x\n{}\n", "/a.jsonl:1: is not JSON: it begins with '# x'"),
        (gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), "/a.jsonl: is compressed by gzip twice"),
        (b"[\n{},\n{}\n", "/a.jsonl:4: is not JSON: a list that does not end: the file breaks off"),
        (b'[\n{},\n{"a" 1},\n{}]', "/a.jsonl:3: is not JSON: expecting ':' delimiter"),
        (b'{\n "a": [1,]\n}\n', "/a.jsonl:2: is not JSON: a comma stands before a closing bracket"),
        (gzip.compress(b"{}" * 999, mtime=0)[:-9], "/a.jsonl: is cut off or damaged"),
        (gzip.compress(b"PAR1", mtime=0), "/a.jsonl: is a table of parquet compressed once more"),
        (b"<!doctype html>\n<p>Sign in</p>", "/a.jsonl: is a web page"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path, content: bytes, message: str) -> None:
    assert complaint(tmp_path, content).startswith(message)


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"a\.jsonl: no such file"):
        list(read_rows(str(tmp_path / "a.jsonl")))
    with pytest.raises(RecipeError, match="cannot be read: Is a directory"):
        list(read_rows(str(tmp_path)))


def test_every_bad_line_is_told(tmp_path: Path) -> None:
    said = complaint(tmp_path, b'{}\n{"a"\n' * 3)

    assert said.splitlines() == [f"/a.jsonl:{line}: is not JSON: it breaks off" for line in (2, 4, 6)]
