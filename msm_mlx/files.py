"""Reading and writing files so that a kill at any moment leaves the old content or the new, never half of it."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msm_mlx.errors import MsmError, RecipeError, SetupError

HOME = "MSM_MLX_HOME"
_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EROFS: "the file system is read-only; choose another folder with --run-dir",
    errno.EACCES: "permission denied; choose another folder with --run-dir or change its permissions",
    errno.EPERM: "not permitted; choose another folder with --run-dir or change its permissions",
    errno.EEXIST: "a file is in the way; move it, or choose another folder with --run-dir",
    errno.EISDIR: "a folder is in the way; move it, or choose another folder with --run-dir",
    errno.ENOTDIR: "a part of the path is a file, not a folder; choose another folder with --run-dir",
}


def home() -> Path:
    """The folder in which `runs/` and `models/` are kept: the working folder, or $MSM_MLX_HOME."""
    return Path(os.environ.get(HOME, "."))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the failures of writing `path` into one clear SetupError."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise SetupError(f"{path}: cannot be written: {reason}") from error


def make_folder(path: Path) -> Path:
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary sibling of `path` to write to; it takes the place of `path` when the block ends well."""
    make_folder(path.parent)
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    with writing(path):
        try:
            yield partial
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process is in such a block of this folder, which is made if it is not there. The system lets
    go of it however this process ends."""
    descriptor = os.open(make_folder(folder), os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, content: object) -> None:
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_jsonl(path: Path, rows: Iterable[object]) -> None:
    import jsonlines  # here and below, because with what it imports it takes as long as the rest of `--help`

    with replacing(path) as partial, jsonlines.open(partial, "w") as writer:
        writer.write_all(rows)


def append_jsonl(path: Path, rows: Iterable[object]) -> None:
    """Append complete lines and hand them to the disk."""
    import jsonlines

    with writing(path), path.open("a", encoding="utf-8") as file:
        jsonlines.Writer(file).write_all(rows)
        file.flush()
        os.fsync(file.fileno())


def read_jsonl(path: Path, *, growing: bool = False) -> list[dict[str, Any]]:
    """All objects of a file. Of one that is `growing`, a last line that is not whole yet is left out.

    Raises:
        RecipeError: with file and line, if the file cannot be read or a line is not a JSON object.
    """
    import jsonlines

    rows: list[dict[str, Any]] = []
    try:
        with jsonlines.open(path) as reader:
            rows.extend(reader.iter(type=dict))
    except jsonlines.InvalidLineError as error:
        if growing and error.lineno > path.read_bytes().count(b"\n"):
            return rows
        raise RecipeError(f"{path}:{error.lineno}: not a JSON object: {error.line[:60]!r}") from error
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise RecipeError(f"{path}: cannot be read: {error}") from error
    return rows


def read_whole_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file that was being appended to; nothing if it is not there.

    A torn last line, from a kill while it was written, is cut off.

    Raises:
        MsmError: with file and line, if another line is damaged.
    """
    import jsonlines

    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        with writing(path):
            os.truncate(path, len(whole))
    rows: list[dict[str, Any]] = []
    try:
        rows.extend(jsonlines.Reader(whole.splitlines()).iter(type=dict))  # of bytes: a text may hold U+2028
    except jsonlines.InvalidLineError as error:
        raise MsmError(f"{path}:{error.lineno}: damaged; delete the file to begin anew") from error
    return rows


def free_space(path: Path) -> int:
    """The bytes that are free where `path` is, or will be."""
    existing = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return shutil.disk_usage(existing).free


def sha256_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sha256_json(content: object) -> str:
    """The hash of a JSON value, independent of the order of keys."""
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, ensure_ascii=False).encode(errors="surrogatepass")
    ).hexdigest()
