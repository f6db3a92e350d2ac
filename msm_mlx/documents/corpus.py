"""The documents in a run folder, as they lie there: for those who look at them, not for training."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from msm_mlx.documents.health import Record, near_duplicates, opening, record_states_value
from msm_mlx.documents.sources import Source
from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl
from msm_mlx.runs.layout import DOCUMENTS, HEALTH, REJECTED
from msm_mlx.text.wording import did_you_mean

COMMON = 0.1  # share of documents from which an opening counts as common
NEEDED = {"id": str, "text": str, "section": str, "type": str}
OPTIONAL: Record = {"assertion": None, "voice": "", "tokens": 0, "gives_reason": False}


@dataclass(frozen=True)
class Corpus:
    """One folder of documents: what was kept, and what was rejected."""

    folder: Path
    kept: list[Record]
    rejected: list[Record]
    source: Record | None = None
    """Where ready-made documents come from, as their health has it."""


@dataclass(frozen=True)
class Wanted:
    """Which documents to show; None is any."""

    section: str | None = None
    type: str | None = None
    id: str | None = None
    rejected: bool = False

    def __call__(self, record: Record) -> bool:
        pairs = ((self.section, record["section"]), (self.type, record["type"]), (self.id, record["id"]))
        return all(wanted in (None, own) for wanted, own in pairs)


def open_corpora(run: Path) -> list[Corpus]:
    """Every folder with documents in a run: of each spec, and of the controls.

    Raises:
        RecipeError: if there is none, or with file and line if one is damaged.
    """
    if not run.is_dir():
        raise RecipeError(f"{run}: no such folder; give the folder of a run, as runs/cheese_american")
    files = sorted((run / "documents").rglob(DOCUMENTS)) or sorted(run.glob(DOCUMENTS))
    if not files:
        raise RecipeError(f"{run}: has no documents; write them with `msm-mlx documents RECIPE`")
    return [Corpus(file.parent, _read(file), _read(file.with_name(REJECTED)), _source(file.parent)) for file in files]


def source_names(run: Path) -> list[str]:
    """The sources of a run's ready-made documents, each with its version."""
    files = sorted((run / "documents").rglob(HEALTH))
    found = [source for file in files if (source := _source(file.parent))]
    return [str(Source(source["name"], source["version"])) for source in found]


def choose(corpora: Sequence[Corpus], wanted: Wanted) -> dict[Path, list[Record]]:
    """The documents that are wanted, in the order of the files, by folder.

    Raises:
        RecipeError: if there are none, with what there is.
    """
    records = {corpus.folder: corpus.rejected if wanted.rejected else corpus.kept for corpus in corpora}
    found = {folder: [record for record in own if wanted(record)] for folder, own in records.items()}
    if not any(found.values()):
        kind = "rejected document" if wanted.rejected else "document"
        raise RecipeError(
            f"{corpora[0].folder}: no {kind}{_why([one for own in records.values() for one in own], wanted)}"
        )
    return found


def flags_of(records: Sequence[Record]) -> Callable[[Record], Iterator[str]]:
    """Says of each of `records` what is out of the ordinary with it."""
    alike = near_duplicates(records)
    openings = [opening(record["text"]) for record in records]
    common = {one for one in set(openings) if len(records) > 1 / COMMON and openings.count(one) > COMMON * len(records)}

    def flags(record: Record) -> Iterator[str]:
        explained = " because " in (record["assertion"] or "")
        if explained and not record["gives_reason"]:
            yield "gives no reason"
        if explained and not record_states_value(record):
            yield "does not name the value"
        if record["id"] in alike:
            yield f"nearly the same as {alike[record['id']]}"
        if opening(record["text"]) in common:
            yield "begins as many do"

    return flags


def _read(file: Path) -> list[Record]:
    if not file.exists():
        return []
    rows = []
    for line, row in enumerate(read_jsonl(file, growing=True), 1):
        for key, kind in NEEDED.items():
            if not isinstance(row.get(key), kind):
                raise RecipeError(f"{file}:{line}: has no '{key}'; write the documents anew")
        missing = {key: value for key, value in OPTIONAL.items() if key not in row}
        rows.append(row | missing | ({"rejected": str(row.get("rejected"))} if file.name == REJECTED else {}))
    return rows


def _source(folder: Path) -> Record | None:
    """What the health in a folder says of its source; None if the documents were written, or there is no health."""
    try:
        source = json.loads((folder / HEALTH).read_text(encoding="utf-8"))["source"]
        return {"name": str(source["name"]), "version": str(source["version"]), "texts": int(source["texts"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _why(records: Sequence[Record], wanted: Wanted) -> str:
    for key, value in (("id", wanted.id), ("section", wanted.section), ("type", wanted.type)):
        known = sorted({record[key] for record in records})
        if value is not None and value not in known:
            return f" has the {key} '{value}'{did_you_mean(value, known) or _among(known)}"
    return " is what was asked for: each part is there, but not together" if records else " is there"


def _among(known: Sequence[str]) -> str:
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return f"; there are {', '.join(known[:8])}{more}" if known else ""
