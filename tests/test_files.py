"""Files: whole or untouched, read with the line that is wrong, and one clear error when the disk says no."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.files import (
    append_jsonl,
    make_folder,
    read_jsonl,
    replacing,
    sha256_file,
    sha256_json,
    write_json,
    write_jsonl,
    write_text,
    writing,
)
from msm_mlx.recipe.scaffold import create_experiment

# --- replacing -----------------------------------------------------------------------------------------------------


def test_replacing_writes_the_new_content_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "a.txt"
    write_text(path, "old\n")
    write_text(path, "new: Époisses\n")
    assert path.read_bytes() == "new: Époisses\n".encode()
    assert os.listdir(path.parent) == ["a.txt"]


def test_replacing_keeps_the_old_content_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with replacing(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
        assert (partial.parent, partial.suffix) == (path.parent, path.suffix)
    assert path.read_text() == "new"


def test_who_has_the_old_file_open_never_sees_a_mixture(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with path.open() as reader:
        write_text(path, "new and longer")
        assert reader.read() == "old"


def test_replacing_keeps_the_old_content_if_the_block_raises(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fail() -> None:
        with replacing(path) as partial:
            partial.write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_rows_that_fail_midway_leave_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"n": 1}])

    def rows() -> Iterator[object]:
        yield {"n": 2}
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_jsonl(path, rows())
    assert read_jsonl(path) == [{"n": 1}]


def test_a_kill_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    code = (
        "import os, signal, sys; from pathlib import Path; from msm_mlx.files import replacing, write_text\n"
        "with replacing(Path(sys.argv[1])) as partial:\n"
        "    partial.write_text('ne'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(path)], timeout=60, check=False)
    assert killed.returncode == -9
    assert path.read_text() == "old"
    write_text(path, "new")  # what the killed process left behind is in nobody's way
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


# --- JSON and its lines --------------------------------------------------------------------------------------------


def test_json_is_readable_for_people(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": "Époisses", "a": [1]})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "b": "Époisses",\n  "a": [\n    1\n  ]\n}\n'


@settings(max_examples=30)
@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=5))
def test_rows_come_back_whatever_their_text(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "texts.jsonl"
    rows = [{"text": text} for text in texts]
    write_jsonl(path, rows)
    append_jsonl(path, rows)
    assert read_jsonl(path) == rows + rows


@pytest.mark.parametrize(
    "line",
    ['{"text": "torn', "not json", "[1, 2]", "null", "17", "", '{"a": 1} {"b": 2}'],
    ids=["torn", "words", "list", "null", "number", "empty", "two objects"],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "whole"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        read_jsonl(path)
    assert str(caught.value).startswith(f"{path}:2: not a JSON object: ")


def test_a_torn_last_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "whole"}\n{"te', encoding="utf-8")
    with pytest.raises(RecipeError, match=r"rows\.jsonl:2: not a JSON object: '\{\"te'"):
        read_jsonl(path)


def test_a_long_bad_line_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("x" * 10_000, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        read_jsonl(path)
    assert len(str(caught.value)) < len(str(path)) + 100


@pytest.mark.parametrize("content", [None, b'{"a": "\xff"}\n', b'{"a": ' + b"[" * 200_000], ids=["no", "latin", "deep"])
def test_what_cannot_be_read_is_one_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "rows.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecipeError) as caught:
        read_jsonl(path)
    assert str(caught.value).startswith(f"{path}")


def test_appended_rows_follow_the_old_ones_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    append_jsonl(path, [{"n": 1}])
    append_jsonl(path, [{"n": 2}, {"n": "é"}])
    assert path.read_text(encoding="utf-8") == '{"n": 1}\n{"n": 2}\n{"n": "é"}\n'


# --- hashes --------------------------------------------------------------------------------------------------------


def test_hashes() -> None:
    assert sha256_json({"a": 1, "b": [2]}) == sha256_json({"b": [2], "a": 1})
    assert sha256_json({"a": 1}) != sha256_json({"a": "1"})
    assert sha256_json([1, 2]) != sha256_json([2, 1])
    assert sha256_json(json.loads(json.dumps({"x": 0.1}))) == sha256_json({"x": 0.1})


def test_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_file(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


# --- places that cannot be written ---------------------------------------------------------------------------------

WRITES: dict[str, Callable[[Path], object]] = {
    "text": lambda path: write_text(path, "x" * 100_000),
    "json": lambda path: write_json(path, "x" * 100_000),
    "jsonl": lambda path: write_jsonl(path, [{"x": "x" * 100_000}]),
    "append": lambda path: append_jsonl(path, [{"x": "x" * 100_000}]),
}


@pytest.fixture
def full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on a disk of 16 KiB where we may mount one; else a disk that is full whenever it is flushed."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(tmp_path)]
    try:
        mounted = sys.platform == "linux" and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if mounted:
        yield tmp_path
        subprocess.run(["umount", str(tmp_path)], check=True)
        return

    def fsync(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    yield tmp_path


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_full_disk_is_one_clear_error(full_disk: Path, write: Callable[[Path], object]) -> None:
    path = full_disk / "a.json"
    path.write_text("old\n")
    with pytest.raises(SetupError) as caught:
        write(path)
    assert str(caught.value) == (
        f"{path}: cannot be written: the disk is full; free some space and run the same command again"
    )
    assert path.read_text().startswith("old\n")
    assert os.listdir(full_disk) == ["a.json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_appending_to_a_full_device_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").symlink_to("/dev/full")
    with pytest.raises(SetupError, match=r"a\.jsonl: cannot be written: the disk is full; free some space"):
        append_jsonl(tmp_path / "a.jsonl", [{"a": 1}])


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_file_where_a_folder_should_be(tmp_path: Path, write: Callable[[Path], object]) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(
        SetupError, match=rf"{tmp_path}/runs.*: cannot be written: .*; .*choose another folder with --run-dir"
    ):
        write(tmp_path / "runs" / "a.json")
    assert (tmp_path / "runs").read_text() == "a file"


@pytest.mark.parametrize("below", ["", "deeper"])
def test_no_folder_can_be_made_from_a_file(tmp_path: Path, below: str) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(SetupError, match=r"a file.*; .*choose another folder with --run-dir"):
        make_folder(tmp_path / "runs" / below)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_folder_where_a_file_should_be(tmp_path: Path, write: Callable[[Path], object]) -> None:
    path = tmp_path / "a.json"
    path.mkdir()
    with pytest.raises(
        SetupError, match=r"a\.json: cannot be written: a folder is in the way; .*choose another folder with --run-dir"
    ):
        write(path)
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "the disk is full; free some space and run the same command again"),
        (errno.EDQUOT, "the disk quota is used up; free some space and run the same command again"),
        (errno.EROFS, "read-only; choose another folder with --run-dir"),
        (errno.EACCES, "choose another folder with --run-dir or change its permissions"),
        (errno.EPERM, "choose another folder with --run-dir or change its permissions"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_every_failure_names_the_path_and_what_to_do(code: int, said: str) -> None:
    with pytest.raises(SetupError) as caught, writing(Path("/some/where")):
        raise OSError(code, os.strerror(code))
    assert str(caught.value).startswith("/some/where: cannot be written: ")
    assert str(caught.value).endswith(said)
    assert caught.value.exit_code == 3


def test_a_failure_without_a_number_is_told_too() -> None:
    with pytest.raises(SetupError, match="a: cannot be written: odd"), writing(Path("a")):
        raise OSError("odd")


@pytest.mark.parametrize(("umask", "file", "folder"), [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700)])
def test_modes_are_those_that_the_umask_asks_for(umask: int, file: int, folder: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write_text(tmp_path / "run" / "a.json", "{}")
        append_jsonl(tmp_path / "run" / "b.jsonl", [{}])
        made = create_experiment("mine", "cheese_american", tmp_path)
    finally:
        os.umask(before)
    for path in (tmp_path / "run", made):
        assert path.stat().st_mode & 0o777 == folder
        assert {inner.stat().st_mode & 0o777 for inner in path.iterdir()} == {file}
