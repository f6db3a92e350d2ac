"""Rows of somebody else's data: a file on this machine, or a data set of the hub as `hub:owner/name[@revision][:file]`.

`huggingface_hub` and pyarrow are imported inside functions only: who has a file pays for neither.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

from msm_mlx.errors import RecipeError, SetupError

HUB = "hub:"
KINDS = (".jsonl", ".jsonl.gz", ".json", ".parquet")
TEST_SPLITS = ("*test*", "*valid*", "*eval*", "*dev*")
INFO_FILE = "dataset_infos.json"  # what older data sets say of themselves, and no rows
_NAME = re.compile(r"hub:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?(?::(?P<file>[^:]+))?", re.ASCII)


@dataclass(frozen=True)
class DataRow:
    """One record with where it stands."""

    file: Path
    line: int
    content: dict[str, Any]


def is_data_set(source: str) -> bool:
    """Whether the name is one that a data set of the hub can have."""
    return _NAME.fullmatch(source) is not None


def is_data(source: str) -> bool:
    """Whether the name is that of a data set, or of a file of a kind that can be read."""
    return source.startswith(HUB) or source.endswith(KINDS)


def data_files(source: str) -> list[Path]:
    """The files that `source` stands for, downloaded if it is a data set of the hub.

    Raises:
        RecipeError: if the name is not one, or names a file of another kind.
        SetupError: if the data set cannot be had.
    """
    if not source.startswith(HUB):
        if not source.endswith(KINDS):
            raise RecipeError(f"{source}: not a file of rows; the name must end with {', '.join(KINDS)}")
        return [Path(source)]
    match = _NAME.fullmatch(source)
    if not match:
        raise RecipeError(
            f"{source}: name a data set as hub:owner/name, hub:owner/name@revision or hub:owner/name:file"
        )
    return _hub_files(source, match["repo"], match["revision"], match["file"])


def read_rows(source: str) -> Iterator[DataRow]:
    """The rows of all files of `source`, in order.

    Raises:
        RecipeError: with file and line, if a row cannot be read.
        SetupError: if the data set, or what reads it, cannot be had.
    """
    for path in data_files(source):
        if path.name.endswith(".parquet"):
            yield from _parquet_rows(path)
        elif path.name.endswith(".json"):
            yield from _json_rows(path)
        else:
            yield from _jsonl_rows(path)


def pin_revision(source: str) -> str:
    """A data set of the hub with the commit that the cache has of it, which is what is read from then on.

    Any other source, and a data set that is not in the cache, as it is named.
    """
    match = _NAME.fullmatch(source)
    if not match or re.fullmatch(r"[0-9a-f]{40}", match["revision"] or ""):
        return source
    from huggingface_hub import errors

    try:
        folder = _snapshot(match["repo"], match["revision"], match["file"])
    except (errors.LocalEntryNotFoundError, errors.HFValidationError):
        return source
    file = f":{match['file']}" if match["file"] else ""
    return f"{HUB}{match['repo']}@{folder.name}{file}"


def _hub_files(source: str, repo: str, revision: str | None, file: str | None) -> list[Path]:
    from huggingface_hub import HfApi, errors, snapshot_download

    try:
        if file:
            patterns = [file]
        else:
            listed = HfApi().list_repo_files(repo, revision=revision, repo_type="dataset")
            patterns = _training_files(listed)
            if not patterns:
                raise RecipeError(f"{source}: holds no {', '.join(KINDS)} file; name one as {HUB}{repo}:FILE")
        folder = Path(snapshot_download(repo, revision=revision, repo_type="dataset", allow_patterns=patterns))
    except (errors.HTTPError, OSError, ValueError) as error:  # type: ignore[attr-defined]
        folder = _cached(source, repo, revision, file, error)
        patterns = [file] if file else _training_files([p.relative_to(folder).as_posix() for p in folder.rglob("*")])
    files = [folder / name for name in patterns if (folder / name).exists()]
    if not files:
        raise SetupError(
            f"{source}: there is no {patterns[0] if patterns else 'data'} in it; check the name of the file"
        )
    return files


def _cached(source: str, repo: str, revision: str | None, file: str | None, error: Exception) -> Path:
    from huggingface_hub import errors

    try:
        return _snapshot(repo, revision, file)
    except (errors.LocalEntryNotFoundError, errors.HFValidationError):
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SetupError(
            f"{source}: neither in the cache nor within reach ({reason}); check the name, run this once with a "
            "connection, or name a file"
        ) from error


def _snapshot(repo: str, revision: str | None, file: str | None) -> Path:
    """The folder in the cache that has `file`, or all files for training of one kind, the first of KINDS that is there.

    Raises:
        LocalEntryNotFoundError: if there is none, or some of the files are missing.
    """
    from huggingface_hub import errors, snapshot_download

    missing: Exception = errors.LocalEntryNotFoundError(f"no file of {repo} in the cache")
    for pattern in [file] if file else [f"*{kind}" for kind in KINDS]:
        try:
            folder = snapshot_download(
                repo,
                revision=revision,
                repo_type="dataset",
                allow_patterns=[pattern],
                ignore_patterns=None if file else [*TEST_SPLITS, INFO_FILE],
                local_files_only=True,
            )
        except errors.LocalEntryNotFoundError as error:
            missing = error
            continue
        if file or any(Path(folder).rglob(pattern)):
            return Path(folder)
    raise missing


def _training_files(names: list[str]) -> list[str]:
    """The files of one kind that are for training, by their names; of several kinds the one named first in KINDS."""
    for kind in KINDS:
        files = sorted(name for name in names if name.endswith(kind) and not PurePosixPath(name).name.startswith("."))
        files = [name for name in files if kind != ".json" or PurePosixPath(name).name != INFO_FILE]
        train = [name for name in files if not any(fnmatch(PurePosixPath(name).name, split) for split in TEST_SPLITS)]
        if train or files:
            return train or files
    return []


def _jsonl_rows(path: Path) -> Iterator[DataRow]:
    try:
        with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip(b" \t\r\n\xef\xbb\xbf"):
                    yield DataRow(path, number, _object(path, number, line.removeprefix(b"\xef\xbb\xbf")))
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror or error}") from error


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path}:{number}: is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise RecipeError(f"{path}:{number}: must be a JSON object")
    return content


def _json_rows(path: Path) -> Iterator[DataRow]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise RecipeError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise RecipeError(f"{path}: must be a list of objects, or one object a line in a .jsonl file")
    yield from (DataRow(path, number, row) for number, row in enumerate(content, start=1))


def _parquet_rows(path: Path) -> Iterator[DataRow]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise SetupError(f"{path}: needs pyarrow to be read; `pip install 'msm-mlx[parquet]'`") from error
    try:
        number = 0
        for batch in parquet.ParquetFile(path).iter_batches():
            for content in batch.to_pylist():
                number += 1
                yield DataRow(path, number, content)
    except (OSError, pyarrow.ArrowException) as error:
        raise RecipeError(f"{path}: cannot be read as parquet: {error}") from error
