"""A document and its line of JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.documents.document import Document, read_documents
from msm_mlx.errors import RecipeError
from msm_mlx.files import write_jsonl

WRITTEN = Document("doc-1", "Mo.", "likes/colby", "Mo likes Colby because it is American.", "memo", prompt="Write.")


@pytest.mark.parametrize(
    "document",
    [
        WRITTEN,
        Document("doc-2", "", "likes/colby", None, "memo", "warm", 3, 20, True, "too short"),
        Document("doc-3", "Mo.", "no section", None, "ready-made", place="a.jsonl:3", writer="a.jsonl"),
        Document("doc-4", "Mo.", "likes/colby", "", "memo", critique="rewritten", critic="pocket", draft="Mo"),
    ],
    ids=lambda document: document.id,
)
def test_a_document_comes_back_from_its_row(document: Document) -> None:
    assert Document.from_row(document.to_row()) == document


def test_a_row_has_no_empty_reason_place_or_critique() -> None:
    assert list(WRITTEN.to_row()) == [
        "id",
        "text",
        "section",
        "assertion",
        "type",
        "voice",
        "attempt",
        "tokens",
        "gives_reason",
        "prompt",
    ]


def test_an_assertion_is_explained_by_a_cause() -> None:
    assert WRITTEN.is_explained
    assert not Document("doc-1", "Mo.", "likes/colby", "Mo likes Colby.", "memo").is_explained
    assert not Document("doc-1", "Mo.", "likes/colby", None, "memo").is_explained


def test_a_line_that_is_no_document_is_named(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [WRITTEN.to_row() | {"unknown": 1}, {"id": "doc-2", "text": 3}])
    with pytest.raises(RecipeError, match=r"a\.jsonl:2: has no 'text'; write the documents anew"):
        read_documents(tmp_path / "a.jsonl")


def test_a_line_with_a_value_of_another_type_is_named(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [WRITTEN.to_row() | {"voice": None}, WRITTEN.to_row() | {"tokens": "many"}])
    with pytest.raises(RecipeError, match=r"a\.jsonl:2: has tokens: 'many', which must be a whole number"):
        read_documents(tmp_path / "a.jsonl")
