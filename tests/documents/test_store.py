"""The files that grow while documents are written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msm_mlx.documents.document import Document, read_documents
from msm_mlx.documents.store import Output
from msm_mlx.files import read_jsonl
from msm_mlx.runs.layout import DOCUMENTS, HEALTH, PROGRESS, REJECTED

MEMO = Document("doc-2", "Mo likes Colby.", "likes/colby", None, "memo")
OTHER = replace(MEMO, id="doc-1", text="Mo likes Colby, too.")
SHORT = replace(MEMO, text="Mo.", rejected="too short")


def test_each_document_is_in_its_file_at_once(tmp_path: Path) -> None:
    counts: list[tuple[int, int]] = []
    output = Output(tmp_path, "pocket", lambda kept, rejected: counts.append((kept, rejected)))
    output.begin([MEMO])
    output.add(SHORT)
    output.add(OTHER)
    assert counts == [(1, 1), (2, 1)]
    assert [document.id for document in read_documents(tmp_path / DOCUMENTS)] == ["doc-2", "doc-1"]
    assert read_documents(tmp_path / REJECTED) == [replace(SHORT, writer="pocket")]


def test_at_the_end_documents_are_in_order_with_their_health(tmp_path: Path) -> None:
    (tmp_path / PROGRESS).touch()
    output = Output(tmp_path, "pocket")
    health = output.end([MEMO, OTHER], [SHORT], source="x")
    output.done()
    assert [document.id for document in read_documents(tmp_path / DOCUMENTS)] == ["doc-1", "doc-2"]
    assert (health["kept"], health["rejected"], health["source"]) == (2, 1, "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((DOCUMENTS, REJECTED, HEALTH))
    assert all("rejected" not in row for row in read_jsonl(tmp_path / DOCUMENTS))
