"""Sources of ready-made documents: their texts, their names and versions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from msm_mlx.documents.sources import NO_TYPE, Source, Survey, identify, ready_texts, survey
from msm_mlx.errors import RecipeError
from msm_mlx.files import sha256_file, write_jsonl
from msm_mlx.recipe.schema import DocumentSettings


def test_rows_give_their_field_type_and_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write_jsonl(path, [{"body": " One.\r\nTwo. ", "type": "memo"}, {"body": "Three.", "type": "a\nb"}])
    first, second = ready_texts(str(path), "body")
    assert (first.number, first.place, first.text, first.type) == (1, "a.jsonl:1", "One.\nTwo.", "memo")
    assert (second.number, second.type) == (2, NO_TYPE)


def test_a_folder_gives_its_texts_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name, text in (("b/one.md", "One."), ("a.TXT", "Zero."), ("c.csv", "no")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    texts = list(ready_texts(str(tmp_path), "text"))
    assert [(text.place, text.text) for text in texts] == [("a.TXT", "Zero."), ("b/one.md", "One.")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"txt": "One."}, r"a\.jsonl:1: has no field 'text' \(did you mean txt\?\)"),
        ({"number": 1}, r"a\.jsonl:1: has no field 'text'; rename the one .*; the row has 'number'"),
        ({"text": 3}, r"a\.jsonl:1: text must be text, not 3"),
        ({"text": "\ud800"}, r"a\.jsonl:1: text holds half a character"),
    ],
)
def test_a_row_without_a_text_is_refused_with_its_line(row: dict[str, object], message: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=message):
        list(ready_texts(str(tmp_path / "a.jsonl"), "text"))


def test_a_folder_without_texts_a_link_out_of_it_and_bytes_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    with pytest.raises(RecipeError, match=r"holds no \.txt or \.md file"):
        list(ready_texts(str(folder), "text"))
    (folder / "a.txt").write_bytes(b"One.\n\xff")
    with pytest.raises(RecipeError, match=r"a\.txt:2: is not UTF-8 text"):
        list(ready_texts(str(folder), "text"))
    (tmp_path / "secret.txt").write_text("Secret.", encoding="utf-8")
    (folder / "b.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(RecipeError, match=r"b\.txt: is a link that leads out of the folder"):
        list(ready_texts(str(folder), "text"))


def test_a_source_is_known_by_its_name_and_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One.", encoding="utf-8")
    file = identify(str(tmp_path / "a.txt"))
    assert file == Source("a.txt", sha256_file(tmp_path / "a.txt"))
    assert str(file) == f"a.txt (sha256 {file.version[:12]})"
    folder = identify(str(tmp_path))
    (tmp_path / "a.txt").rename(tmp_path / "b.txt")
    assert identify(str(tmp_path)).version != folder.version


def test_a_survey_counts_what_there_is_and_what_is_wanted(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [{"text": str(n)} for n in range(5)])
    settings = DocumentSettings.model_validate({"from": str(tmp_path / "a.jsonl"), "count": 3})
    outcome = survey(str(tmp_path / "a.jsonl"), settings)
    assert outcome == Survey(str(identify(str(tmp_path / "a.jsonl"))), 5, 3)
