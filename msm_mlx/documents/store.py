"""The files of a writing job: what came from the model, and what of it is kept and rejected, each from the start on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import jsonlines

from msm_mlx.documents.checks.rules import check_name
from msm_mlx.documents.health import document_health
from msm_mlx.files import write_json, write_jsonl, writing
from msm_mlx.runs.layout import DOCUMENTS, HEALTH, PROGRESS, REJECTED

Record = dict[str, Any]


class Output:
    """A folder that documents are written into.

    `progress.jsonl` alone is what a stopped job goes on from; the documents follow from it, and are put there anew.
    """

    def __init__(
        self, folder: Path, writer: str, on_record: Callable[[int, int], None] = lambda kept, rejected: None
    ) -> None:
        self.folder = folder
        self.writer = writer
        self._on_record = on_record
        self._kept = self._rejected = 0

    def begin(self, kept: Sequence[Record]) -> None:
        """Start with documents that are there already."""
        self._kept = len(kept)
        write_jsonl(self.folder / DOCUMENTS, map(self._public, kept))
        write_jsonl(self.folder / REJECTED, [])

    def add(self, record: Record) -> None:
        """Put a record into its file at once."""
        rejected = record["rejected"] is not None
        self._kept, self._rejected = self._kept + (not rejected), self._rejected + rejected
        path = self.folder / (REJECTED if rejected else DOCUMENTS)
        with writing(path), path.open("a", encoding="utf-8") as file:
            jsonlines.Writer(file).write(self._public(record))
        self._on_record(self._kept, self._rejected)

    def end(self, kept: Iterable[Record], rejected: Sequence[Record], **facts: object) -> Record:
        """Write the documents in the order of their ids, and their health with these facts, which is returned."""
        documents = [self._public(record) for record in sorted(kept, key=lambda record: str(record["id"]))]
        health = document_health(documents, rejected) | facts
        write_jsonl(self.folder / DOCUMENTS, documents)
        write_jsonl(self.folder / REJECTED, map(self._public, rejected))
        write_json(self.folder / HEALTH, health)
        return health

    def done(self) -> None:
        """All is there: what a stopped job would need goes."""
        (self.folder / PROGRESS).unlink(missing_ok=True)

    def _public(self, record: Record) -> Record:
        own = {**record, "writer": self.writer}
        if own.get("rejected") is None:
            own.pop("rejected", None)
        return own


def short_of(kept: Sequence[Record], rejected: Sequence[Record], wanted: int, folder: Path, *, hopeless: bool) -> str:
    """What to tell when a job ends without all of its documents: how far it came, why, and how to go on."""
    reasons = Counter(check_name(record["rejected"]) for record in rejected).most_common(3)
    why = ", ".join(f"{count} as '{reason}'" for reason, count in reasons)
    made = len(kept) + len(rejected)
    begun = f"only {len(kept)} of {wanted} documents passed the checks, in {made} attempts"
    if hopeless:
        begun += ", and more would not help"
    key = "lower documents.least_pass_rate" if hopeless else "raise documents.max_attempts_per_document"
    return (
        f"{begun}; what passed stays in {folder / DOCUMENTS}. Rejected: {why}; the texts are in {folder / REJECTED}. "
        f"Use a better writer or other documents.checks, or {key} to go on from here."
    )
