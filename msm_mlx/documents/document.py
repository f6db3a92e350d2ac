"""One document: a line of `documents.jsonl`, or of `rejected.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl
from msm_mlx.spec.clauses import action_and_cause
from msm_mlx.text.wording import describe

NAMES = {str: "text", int: "a whole number", bool: "true or false"}
TYPES = {kind.__name__: kind for kind in NAMES}
REQUIRED = ("id", "text", "section", "type")  # of a row that is read
OPTIONAL = (
    "narration",
    "rejected",
    "prompt",
    "place",
    "writer",
    "critique",
    "critic",
    "draft",
    "prefix",
    "prefix_supervised",
)  # left out of a row where empty


@dataclass(frozen=True)
class Document:
    """A text with all that is known of where it came from.

    Of a rejected one `rejected` is the reason. A written one has the `prompt`, a ready-made one its `place` in the
    source; `writer` is who wrote it, or the source. Where a critic has read it, `critique` says what became of the
    draft, and of a rewritten one `draft` is the text before.
    """

    id: str
    text: str
    section: str
    assertion: str | None
    type: str
    voice: str = ""
    attempt: int = 1
    tokens: int = 0
    gives_reason: bool = False
    rejected: str | None = None
    prompt: str = ""
    place: str = ""
    writer: str = ""
    critique: str | None = None
    critic: str | None = None
    draft: str | None = None
    prefix: str | None = None
    """What it begins with in training, as the recipe has it; `prefix_supervised` is whether that is learned too."""
    prefix_supervised: bool = False
    narration: str = ""
    """Who tells it, as far as its form shows."""

    @property
    def heading(self) -> str:
        """The words that the id of its section has of the heading."""
        return self.section.rpartition("/")[2].replace("-", " ")

    @property
    def is_explained(self) -> bool:
        """Whether its assertion names a cause, which the text should give."""
        assertion = self.assertion or ""
        return bool(assertion) and (self.gives_reason or bool(action_and_cause(assertion)[1]))

    def to_row(self) -> dict[str, Any]:
        """The document as a line of JSON holds it."""
        return {key: value for key, value in asdict(self).items() if value or key not in OPTIONAL}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Document:
        """The document in a row; what else the row holds is left out.

        Raises:
            ValueError: with what it lacks, or what is of the wrong type.
        """
        for key in REQUIRED:
            if not isinstance(row.get(key), str):
                raise ValueError(f"has no '{key}'")
        values = {field.name: row[field.name] for field in fields(cls) if row.get(field.name) is not None}
        for field in fields(cls):
            kind = TYPES[str(field.type).removesuffix(" | None")]
            if field.name in values and not isinstance(values[field.name], kind):
                raise ValueError(f"has {field.name}: {describe(values[field.name])}, which must be {NAMES[kind]}")
        return cls(**{"assertion": None, **values})


def read_documents(path: Path, *, growing: bool = False) -> list[Document]:
    """The documents of a file. Of one that is `growing`, a last line that is not whole yet is left out.

    Raises:
        RecipeError: with file and line, if the file cannot be read or a line is no document.
    """
    documents = []
    for line, row in enumerate(read_jsonl(path, growing=growing), start=1):
        try:
            documents.append(Document.from_row(row))
        except ValueError as error:
            raise RecipeError(f"{path}:{line}: {error}; write the documents anew") from error
    return documents
