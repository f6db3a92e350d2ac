"""Where ready-made documents come from: a file, a folder of texts, or a data set of the hub. Imports no mlx."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msm_mlx.errors import RecipeError
from msm_mlx.files import sha256_file, sha256_json
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.rows.hub import HUB, pin_revision
from msm_mlx.rows.problems import DataRow
from msm_mlx.rows.read import read_rows
from msm_mlx.text.wording import describe, did_you_mean

TEXT_SUFFIXES = (".txt", ".md")
NO_SECTION = "no section"  # of a document that says too little of what the spec asserts
NO_TYPE = "ready-made"  # of a document that does not say what it is
_TYPE = re.compile(r"[^\n]{1,40}")


@dataclass(frozen=True)
class ReadyText:
    """A text with its number in the source, from 1, and the file and line that it is from."""

    number: int
    place: str
    text: str
    type: str


@dataclass(frozen=True)
class Source:
    """What a source is called for others than this machine, and its version: a hash, or the hub's commit."""

    name: str
    version: str

    def __str__(self) -> str:
        return self.name if self.name.startswith(HUB) else f"{self.name} (sha256 {self.version[:12]})"


def identify(source: str) -> Source:
    """The source as it is now; a data set of the hub as the cache has it.

    Raises:
        RecipeError: if a file of it cannot be read.
    """
    if source.startswith(HUB):
        name = pin_revision(source)
        return Source(name, name.partition("@")[2].partition(":")[0])
    path = Path(source)
    try:
        if path.is_dir():
            return Source(path.name, sha256_json([[_within(path, file), sha256_file(file)] for file in _files(path)]))
        return Source(path.name, sha256_file(path))
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror or error}") from error


def ready_texts(source: str, field: str) -> Iterator[ReadyText]:
    """The texts of a source, in order.

    Raises:
        RecipeError: with file and line, if a row or a file cannot be read or has no text, or there is none.
        SetupError: if the data set, or what reads it, cannot be had.
    """
    is_folder = not source.startswith(HUB) and Path(source).is_dir()
    number = 0
    for number, (place, text, kind) in enumerate(
        _folder_texts(Path(source)) if is_folder else _row_texts(source, field), start=1
    ):
        yield ReadyText(number, place, text.replace("\r\n", "\n").strip(), kind)
    if not number:
        unit = ".txt or .md file" if is_folder else "row"
        raise RecipeError(f"{source}: holds no {unit}; name a source that has documents")


@dataclass(frozen=True)
class Survey:
    """How many texts a source has, and how many are wanted of them."""

    name: str
    texts: int
    wanted: int


def survey(source: str, settings: DocumentSettings) -> Survey:
    """Count the texts of a source, downloaded if it is a data set of the hub.

    Raises:
        RecipeError: as `ready_texts` does.
    """
    texts = sum(1 for _ in ready_texts(source, settings.field))
    return Survey(str(identify(source)), texts, min(texts, settings.count))


def _row_texts(source: str, field: str) -> Iterator[tuple[str, str, str]]:
    for row in read_rows(source):
        kind = row.content.get("type")
        document_type = kind if isinstance(kind, str) and _TYPE.fullmatch(kind) else NO_TYPE
        yield f"{row.file.name}:{row.line}", _text_of(row, field), document_type


def _text_of(row: DataRow, field: str) -> str:
    value: Any = row.content.get(field)
    if field not in row.content:
        meant = did_you_mean(field, row.content)
        fields = "" if meant else f"; the row has {', '.join(map(describe, list(row.content)[:6])) or 'no fields'}"
        remedy = "rename the one that holds the document, or, for documents.from, name it as documents.field"
        raise RecipeError(f"{row.file}:{row.line}: has no field {field!r}{meant}; {remedy}{fields}")
    if not isinstance(value, str):
        raise RecipeError(f"{row.file}:{row.line}: {field} must be text, not {describe(value)}; mend or remove the row")
    if re.search(r"[\ud800-\udfff]", value):
        raise RecipeError(f"{row.file}:{row.line}: {field} holds half a character; mend or remove the row")
    return value


def _folder_texts(folder: Path) -> Iterator[tuple[str, str, str]]:
    for path in _files(folder):
        try:
            yield _within(folder, path), path.read_text(encoding="utf-8-sig"), NO_TYPE
        except UnicodeDecodeError as error:
            line = path.read_bytes()[: error.start].count(b"\n") + 1
            raise RecipeError(f"{path}:{line}: is not UTF-8 text; save it as such, or take it out") from error
        except OSError as error:
            raise RecipeError(f"{path}: cannot be read: {error.strerror or error}") from error


def _files(folder: Path) -> list[Path]:
    """The texts of a folder and those within it.

    Raises:
        RecipeError: if one is a link that leads out of the folder.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in TEXT_SUFFIXES and path.is_file())
    for path in files:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise RecipeError(f"{path}: is a link that leads out of the folder; put the file itself there")
    return files


def _within(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix()
