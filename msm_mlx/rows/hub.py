"""Where rows are: in a file on this machine, or in a data set of the hub as `hub:owner/name[@revision][:file]`.

`huggingface_hub` is imported inside functions only: who has a file does not pay for it.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from msm_mlx.errors import RecipeError, SetupError

HUB = "hub:"
KINDS = (".jsonl", ".jsonl.gz", ".json", ".parquet", ".csv")
SECONDS = 10.0  # that the hub may take to answer
TEST_SPLITS = ("*test*", "*valid*", "*eval*", "*dev*")
INFO_FILE = "dataset_infos.json"  # what older data sets say of themselves, and no rows
_NAME = re.compile(r"hub:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?(?::(?P<file>[^:]+))?", re.ASCII)


def is_data_set(source: str) -> bool:
    """Whether the name is one that a data set of the hub can have."""
    return _NAME.fullmatch(source) is not None


def data_files(source: str) -> list[Path]:
    """The files that `source` stands for, downloaded if it is a data set of the hub.

    Raises:
        RecipeError: if it begins as the name of a data set and is none.
        SetupError: if the data set cannot be had.
    """
    if not source.startswith(HUB):
        return [Path(source)]
    match = _NAME.fullmatch(source)
    if not match:
        raise RecipeError(
            f"{source}: name a data set as hub:owner/name, hub:owner/name@revision or hub:owner/name:file"
        )
    return _hub_files(source, match["repo"], match["revision"], match["file"])


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
            hub = HfApi()
            hub.dataset_info(repo, revision=revision, timeout=SECONDS)  # listing tries a hub out of reach for longer
            patterns = _training_files(hub.list_repo_files(repo, revision=revision, repo_type="dataset"))
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
