"""The documents in a run folder, as they lie there: for those who look at them, not for training."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msm_mlx.documents.document import Document, read_documents
from msm_mlx.documents.health import document_denials, document_states_value, near_duplicates, opening
from msm_mlx.documents.sources import Source
from msm_mlx.errors import RecipeError
from msm_mlx.runs.layout import DOCUMENTS, DOCUMENTS_FOLDER, HEALTH, REJECTED
from msm_mlx.text.wording import did_you_mean

COMMON_OPENING = 0.1  # share of documents from which an opening counts as common
MAX_LISTED = 8  # names in a message


@dataclass(frozen=True)
class DocumentFolder:
    """One folder of documents: what was kept, and what was rejected."""

    folder: Path
    kept: list[Document]
    rejected: list[Document]
    source: dict[str, Any] | None = None
    """Where ready-made documents come from, as their health has it."""


@dataclass(frozen=True)
class Selection:
    """Which documents to show; None is any."""

    section: str | None = None
    type: str | None = None
    id: str | None = None
    rejected: bool = False

    def __contains__(self, document: Document) -> bool:
        return (
            self.section in (None, document.section)
            and self.type in (None, document.type)
            and self.id in (None, document.id)
        )


def open_folders(run: Path) -> list[DocumentFolder]:
    """Every folder with documents in a run: of each spec, and of the controls.

    Raises:
        RecipeError: if there is none, or with file and line if one is damaged.
    """
    if not run.is_dir():
        raise RecipeError(f"{run}: no such folder; give the folder of a run, as runs/cheese_american")
    files = sorted((run / DOCUMENTS_FOLDER).rglob(DOCUMENTS)) or sorted(run.glob(DOCUMENTS))
    if not files:
        raise RecipeError(f"{run}: has no documents; write them with `msm-mlx documents RECIPE`")
    return [
        DocumentFolder(file.parent, _read(file), _read(file.with_name(REJECTED)), _source(file.parent))
        for file in files
    ]


def source_names(run: Path) -> list[str]:
    """The sources of a run's ready-made documents, each with its version."""
    files = sorted((run / DOCUMENTS_FOLDER).rglob(HEALTH))
    sources = [source for file in files if (source := _source(file.parent))]
    return [str(Source(source["name"], source["version"])) for source in sources]


def select_documents(folders: Sequence[DocumentFolder], selection: Selection) -> dict[Path, list[Document]]:
    """The documents of a selection, in the order of the files, by folder.

    Raises:
        RecipeError: if there are none, with what there is.
    """
    documents = {one.folder: one.rejected if selection.rejected else one.kept for one in folders}
    selected = {folder: [document for document in all_ if document in selection] for folder, all_ in documents.items()}
    if not any(selected.values()):
        kind = "rejected document" if selection.rejected else "document"
        all_documents = [document for all_ in documents.values() for document in all_]
        raise RecipeError(f"{folders[0].folder}: no {kind}{_what_there_is(all_documents, selection)}")
    return selected


def flags_of(documents: Sequence[Document]) -> Callable[[Document], Iterator[str]]:
    """Says of each of `documents` what is out of the ordinary with it."""
    duplicates = near_duplicates(documents)
    openings = Counter(opening(document.text) for document in documents)
    is_large = len(documents) > 1 / COMMON_OPENING

    def flags(document: Document) -> Iterator[str]:
        if document.is_explained and not document.gives_reason:
            yield "gives no reason"
        if document.is_explained and not document_states_value(document):
            yield "does not name the value"
        if rules := document_denials(document):
            yield f"denies a claim from another clause ({rules[0]})"
        if document.id in duplicates:
            yield f"nearly the same as {duplicates[document.id]}"
        if is_large and openings[opening(document.text)] > COMMON_OPENING * len(documents):
            yield "begins as many do"

    return flags


def _read(file: Path) -> list[Document]:
    return read_documents(file, growing=True) if file.exists() else []


def _source(folder: Path) -> dict[str, Any] | None:
    """What the health in a folder says of its source; None if the documents were written, or there is no health."""
    try:
        source = json.loads((folder / HEALTH).read_text(encoding="utf-8"))["source"]
        return {"name": str(source["name"]), "version": str(source["version"]), "texts": int(source["texts"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _what_there_is(documents: Sequence[Document], selection: Selection) -> str:
    for key, value, choices in (
        ("id", selection.id, sorted({document.id for document in documents})),
        ("section", selection.section, sorted({document.section for document in documents})),
        ("type", selection.type, sorted({document.type for document in documents})),
    ):
        if value is not None and value not in choices:
            return f" has the {key} '{value}'{did_you_mean(value, choices) or _among(choices)}"
    return " is what was asked for: each part is there, but not together" if documents else " is there"


def _among(choices: Sequence[str]) -> str:
    more = f" and {len(choices) - MAX_LISTED} more" if len(choices) > MAX_LISTED else ""
    return f"; there are {', '.join(choices[:MAX_LISTED])}{more}" if choices else ""
