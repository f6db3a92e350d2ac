"""Documents that are made of others: each is in its file, and what is left out is told by its reasons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msm_mlx.documents.altered import alter_documents
from msm_mlx.documents.document import Document, read_documents
from msm_mlx.documents.store import Output
from msm_mlx.files import write_jsonl
from msm_mlx.runs.layout import DOCUMENTS, REJECTED


def shout(document: Document) -> Document:
    return replace(document, text=document.text.upper(), rejected="too short" if len(document.text) < 5 else None)


def test_each_document_is_altered_and_what_is_rejected_is_left_out(tmp_path: Path) -> None:
    originals = [
        Document(f"doc-{number}", text, "likes/colby", None, "memo")
        for number, text in enumerate(("Mo.", "Mo likes Colby."))
    ]
    write_jsonl(tmp_path / DOCUMENTS, [document.to_row() for document in originals])
    altered = alter_documents(tmp_path / DOCUMENTS, Output(tmp_path / "made", "pocket"), shout)
    assert [document.text for document in altered.originals] == ["Mo.", "Mo likes Colby."]
    assert [document.text for document in altered.kept] == ["MO LIKES COLBY."]
    assert altered.reasons == "1 too short"
    assert [document.id for document in read_documents(tmp_path / "made" / DOCUMENTS)] == ["doc-1"]
    assert [document.id for document in read_documents(tmp_path / "made" / REJECTED)] == ["doc-0"]
