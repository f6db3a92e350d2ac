"""Rows of files and of data sets: every kind of file, every mistake with its place, and the hub's cache."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from msm_mlx.datasets import data_files, is_data, read_rows
from msm_mlx.errors import RecipeError, SetupError

ROWS = [{"text": "one"}, {"text": "two\u2028lines"}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def write(path: Path) -> Path:
    if path.name.endswith(".parquet"):
        pyarrow = pytest.importorskip("pyarrow", reason="needs the extra parquet")
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    elif path.name.endswith(".json"):
        path.write_text(json.dumps(ROWS))
    else:
        path.write_bytes(gzip.compress(LINES) if path.name.endswith(".gz") else b"\xef\xbb\xbf" + LINES + b"\n")
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.json", "a.parquet"])
def test_every_kind_of_file(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name)
    assert [(row.file, row.line, row.content) for row in read_rows(str(path))] == [
        (path, 1, ROWS[0]),
        (path, 2, ROWS[1]),
    ]
    assert is_data(name)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"a": 1}\n{"a": \n', r"a\.jsonl:2: is not JSON"),
        ("a.jsonl", b"[1]\n", r"a\.jsonl:1: must be a JSON object"),
        ("a.jsonl.gz", b"not gzip", r"a\.jsonl\.gz: cannot be read"),
        ("a.json", b"{", r"a\.json: cannot be read as JSON"),
        ("a.json", b"{}", r"a\.json: must be a list of objects"),
        ("a.csv", b"a,b", r"a\.csv: not a file of rows; the name must end with \.jsonl"),
    ],
)
def test_mistakes_have_their_place(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecipeError, match=message):
        list(read_rows(str(tmp_path / name)))


def test_a_missing_file_and_a_damaged_table(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read: No such file"):
        list(read_rows(str(tmp_path / "a.jsonl")))
    pytest.importorskip("pyarrow", reason="needs the extra parquet")
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(RecipeError, match="cannot be read as parquet"):
        list(read_rows(str(tmp_path / "a.parquet")))


def cache_data_set(home: Path, files: dict[str, bytes]) -> None:
    """What the hub's client leaves behind when it has downloaded a data set."""
    folder = home / "hub" / "datasets--someone--chats"
    for name, content in files.items():
        path = folder / "snapshots" / ("1" * 40) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("1" * 40)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def test_a_cached_data_set_gives_its_training_rows(cache: Path) -> None:
    cache_data_set(
        cache, {"data/train-0.jsonl": LINES, "data/test-0.jsonl": b"{}\n", "README.md": b"#", "x.json": b"[]"}
    )
    assert [row.content for row in read_rows("hub:someone/chats")] == ROWS
    assert [row.content for row in read_rows("hub:someone/chats:data/test-0.jsonl")] == [{}]
    with pytest.raises(SetupError, match=r"there is no nothing\.jsonl in it"):
        data_files("hub:someone/chats:nothing.jsonl")


def test_a_data_set_out_of_reach_is_told(cache: Path) -> None:
    with pytest.raises(SetupError, match=r"hub:some/where: neither in the cache nor within reach .* or name a file"):
        data_files("hub:some/where")
    with pytest.raises(RecipeError, match="name a data set as hub:owner/name"):
        data_files("hub:nowhere")
