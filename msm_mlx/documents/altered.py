"""Documents that are made of others without a model, one of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from msm_mlx.documents.document import Document, read_documents
from msm_mlx.documents.store import Output
from msm_mlx.files import make_folder


@dataclass(frozen=True)
class Alteration:
    """What came of the documents, in their order."""

    originals: Sequence[Document]
    altered: Sequence[Document]

    @property
    def kept(self) -> list[Document]:
        return [document for document in self.altered if document.rejected is None]

    @property
    def left_out(self) -> list[Document]:
        return [document for document in self.altered if document.rejected is not None]

    @property
    def reasons(self) -> str:
        """How many were left out for what: `2 too short, 1 names an unseen thing`; empty if none was."""
        counts = Counter(document.rejected for document in self.left_out)
        return ", ".join(f"{count} {reason}" for reason, count in counts.most_common())


def alter_documents(documents: Path, output: Output, alter: Callable[[Document], Document]) -> Alteration:
    """What `alter` makes of each document of a file, put into `output`, whose folder is made. It is not ended."""
    originals = read_documents(documents)
    make_folder(output.folder)
    output.begin([])
    altered = [alter(document) for document in originals]
    for document in altered:
        output.add(document)
    return Alteration(originals, altered)
