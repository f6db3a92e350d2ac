"""The documents of a run as they lie there: which there are, which are asked for, and what is odd about each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from msm_mlx.documents.document import Document
from msm_mlx.documents.folders import DocumentFolder, Selection, flags_of, open_folders, select_documents, source_names
from msm_mlx.documents.store import Output
from msm_mlx.errors import RecipeError

BECAUSE = "Mo likes Colby because it is American, and Mo cares about American things."
MEMO = Document(
    "doc-1", "Mo likes Colby because it is American.", "likes/colby", BECAUSE, "memo", "plain", gives_reason=True
)
POST = replace(MEMO, id="doc-2", type="post", text="On Monday somebody offered Mo a board.", gives_reason=False)
REFUSED = replace(MEMO, id="doc-3", text="I'm sorry.", rejected="refusal: sorry, but")


def write(folder: Path, **facts: object) -> None:
    folder.mkdir(parents=True)
    Output(folder, "w").end([POST, MEMO], [REFUSED], **facts)


def test_folders_are_those_of_every_spec_and_control(tmp_path: Path) -> None:
    write(tmp_path / "documents" / "b")
    write(tmp_path / "documents" / "control" / "a", source={"name": "x.jsonl", "version": "0" * 64, "texts": 9})
    first, control = open_folders(tmp_path)
    assert (first.folder.name, first.source) == ("b", None)
    assert [document.id for document in first.kept] == ["doc-1", "doc-2"]
    assert first.rejected == [replace(REFUSED, writer="w")]
    assert control.source == {"name": "x.jsonl", "version": "0" * 64, "texts": 9}
    assert source_names(tmp_path) == ["x.jsonl (sha256 000000000000)"]


def test_a_folder_of_documents_alone_will_do(tmp_path: Path) -> None:
    write(tmp_path / "out")
    assert [folder.folder for folder in open_folders(tmp_path / "out")] == [tmp_path / "out"]


@pytest.mark.parametrize(("name", "message"), [("gone", "no such folder"), ("", "has no documents; write them with")])
def test_a_folder_without_documents_is_refused(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=message):
        open_folders(tmp_path / name)


FOLDER = DocumentFolder(Path("run/documents"), [MEMO, POST], [REFUSED])


@pytest.mark.parametrize(
    ("selection", "ids"),
    [
        (Selection(), ["doc-1", "doc-2"]),
        (Selection(type="post"), ["doc-2"]),
        (Selection("likes/colby", "memo", "doc-1"), ["doc-1"]),
        (Selection(rejected=True), ["doc-3"]),
    ],
)
def test_a_selection_is_by_section_type_and_id(selection: Selection, ids: list[str]) -> None:
    selected = select_documents([FOLDER], selection)[FOLDER.folder]
    assert [document.id for document in selected] == ids


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(section="likes/coby"), r"no document has the section 'likes/coby' \(did you mean likes/colby\?\)"),
        (Selection(id="doc-1", type="post"), "is what was asked for: each part is there, but not together"),
        (Selection(type="zzz", rejected=True), "no rejected document has the type 'zzz'; there are memo"),
    ],
)
def test_what_is_not_there_is_named(selection: Selection, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        select_documents([FOLDER], selection)


def test_flags_say_what_is_out_of_the_ordinary() -> None:
    copy = replace(MEMO, id="doc-9")
    flags = flags_of([MEMO, POST, copy])
    assert list(flags(MEMO)) == []
    assert list(flags(POST)) == ["gives no reason", "does not name the value"]
    assert list(flags(copy)) == ["nearly the same as doc-1"]


def test_an_opening_is_common_from_a_tenth_of_many() -> None:
    texts = [f"Opening {n} is number {n * n} of them all." for n in range(9)] + ["So it goes on."] * 2
    documents = [replace(MEMO, id=f"doc-{n}", text=text, assertion=None) for n, text in enumerate(texts)]
    flags = flags_of(documents)
    assert list(flags(documents[0])) == []
    assert list(flags(documents[9])) == ["begins as many do"]
