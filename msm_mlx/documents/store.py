"""The files of a writing job: what came from the model, and what of it is kept and rejected, each from the start on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonlines

from msm_mlx.documents.document import Document
from msm_mlx.documents.health import Health, document_health
from msm_mlx.files import write_json, write_jsonl, writing
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import DOCUMENTS, HEALTH, PROGRESS, REJECTED


class Output:
    """A folder that documents are written into.

    `progress.jsonl` alone is what a stopped job goes on from; the documents follow from it, and are put there anew.
    """

    def __init__(
        self,
        folder: Path,
        writer: str,
        on_document: Callable[[int, int], None] = lambda kept, rejected: None,
        settings: DocumentSettings | None = None,
    ) -> None:
        self.folder = folder
        self.writer = writer
        self._prefix = (settings.prefix, settings.prefix_supervised) if settings else (None, False)
        self._on_document = on_document
        self._kept = self._rejected = 0

    def begin(self, kept: Sequence[Document]) -> None:
        """Start with documents that are there already."""
        self._kept = len(kept)
        write_jsonl(self.folder / DOCUMENTS, map(self._row, kept))
        write_jsonl(self.folder / REJECTED, [])

    def add(self, document: Document) -> None:
        """Put a document into its file at once."""
        rejected = document.rejected is not None
        self._kept, self._rejected = self._kept + (not rejected), self._rejected + rejected
        path = self.folder / (REJECTED if rejected else DOCUMENTS)
        with writing(path), path.open("a", encoding="utf-8") as file:
            jsonlines.Writer(file).write(self._row(document))
        self._on_document(self._kept, self._rejected)

    def end(self, kept: Iterable[Document], rejected: Sequence[Document], **facts: object) -> Health:
        """Write the documents in the order of their ids, and their health with these facts, which is returned."""
        documents = sorted(kept, key=lambda document: document.id)
        health = document_health(documents, rejected) | facts
        write_jsonl(self.folder / DOCUMENTS, map(self._row, documents))
        write_jsonl(self.folder / REJECTED, map(self._row, rejected))
        write_json(self.folder / HEALTH, health)
        return health

    def done(self) -> None:
        """All is there: what a stopped job would need goes."""
        (self.folder / PROGRESS).unlink(missing_ok=True)

    def _row(self, document: Document) -> dict[str, Any]:
        prefix, supervised = self._prefix
        writer = document.writer or self.writer  # of several, the document knows which
        return replace(document, writer=writer, prefix=prefix, prefix_supervised=supervised).to_row()
