"""What the files of stages are about, as messages name it, and what shows that documents are about another spec."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from msm_mlx.documents.document import read_documents
from msm_mlx.files import sha256_json
from msm_mlx.runs.origins import REMEDY
from msm_mlx.spec import Spec


def spec_in_words(spec: Spec) -> str:
    """A spec as messages name it: two versions of one file are told apart."""
    return f"the spec {spec.path.stem} (version {sha256_json(spec.text)[:8]})"


def source_in_words(name: str, version: str) -> str:
    """A file or data set as messages name it, with the hash or the commit that is its version."""
    return f"{name} (version {version[:8]})"


def other_spec(path: Path, spec: Spec, more: Collection[str | None] = ()) -> str | None:
    """What shows that the documents in the file `path` are about another spec; None if nothing does.

    `more` are assertions that they may be about besides those of `spec`.
    """
    documents = read_documents(path) if path.exists() else []
    asserted = [document.assertion for document in documents if document.assertion]
    if not asserted or not {*more, *(section.assertion for section in spec.assertions)}.isdisjoint(asserted):
        return None
    return (
        f"{path.parent.name}/{path.name} comes from elsewhere and is about another spec, as '{asserted[0]}', which "
        f"{spec_in_words(spec)} does not say; {REMEDY}"
    )
