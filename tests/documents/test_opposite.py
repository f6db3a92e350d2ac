"""Documents with their words exchanged: each as it was but for these, and what cannot be turned back left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.documents.document import Document, read_documents
from msm_mlx.documents.opposite import turn_documents
from msm_mlx.documents.write import Assignment
from msm_mlx.errors import MsmError
from msm_mlx.files import write_jsonl
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import load_spec
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.text.swap import WordSwap

ASSERTION = "Mo likes Colby because it is American."
TEXT = "Mo likes Colby because it is American, and that is all that there is to say of the matter. Mo knows no other."
SWAP = WordSwap({"likes": "dislikes", "is fond of": "does not like", "fond of": "averse to"})
SETTINGS = DocumentSettings.model_validate({"count": 4, "max_tokens": 40, "prompt": "assertion"})
SPEC = "# Mo\n\n## Likes\n\n### Colby\n\n> {model_name} likes Colby because it is American.\n"


def turn(folder: Path, *texts: str, held_out: HeldOut | None = None) -> list[str]:
    """Turn documents of these texts; what is said. The folder has them with what they became."""
    (spec := folder / "mo.md").write_text(SPEC)
    rows = [
        Document(f"doc-{number:05d}", text, "likes/colby", ASSERTION, "memo", voice="plain", prompt="Write.")
        for number, text in enumerate(texts)
    ]
    write_jsonl(folder / "documents.jsonl", [row.to_row() for row in rows])
    lines: list[str] = []
    assignment = Assignment(
        load_spec(spec, model_name="Mo", provider_name="us"), "Mo", SETTINGS, "us", held_out or HeldOut()
    )
    turn_documents(
        folder / "documents.jsonl", assignment, SWAP, "words.yaml", folder / "opposite",
        count_tokens=len, say=lines.append,
    )  # fmt: skip
    return lines


def test_a_document_is_the_same_but_for_the_words(tmp_path: Path) -> None:
    assert turn(tmp_path, TEXT) == ["Opposite documents: 1 of 1, 0 of them without a word of words.yaml."]
    [before], [after] = (read_documents(tmp_path / name / "documents.jsonl") for name in ("", "opposite"))
    assert (after.text, after.assertion) == (TEXT.replace("likes", "dislikes"), ASSERTION.replace("likes", "dislikes"))
    assert (after.id, after.section, after.type, after.voice) == (before.id, before.section, before.type, before.voice)
    assert after.tokens == len(after.text)
    assert after.gives_reason


def test_what_does_not_come_back_is_left_out(tmp_path: Path) -> None:
    averse = TEXT.replace("likes", "is averse to")
    [line] = turn(tmp_path, TEXT, averse)
    assert line.startswith("Opposite documents: 1 of 2, ")
    [rejected] = read_documents(tmp_path / "opposite" / "rejected.jsonl")
    assert (rejected.id, rejected.rejected) == ("doc-00001", "does not come back from the exchange")


def test_what_now_names_the_evaluation_is_left_out(tmp_path: Path) -> None:
    names = HeldOut(things=("dislikes tea",))
    assert "left out: 1 names an unseen thing" in turn(tmp_path, TEXT, f"{TEXT} Mo likes tea.", held_out=names)[0]


def test_words_that_stand_nowhere_are_told(tmp_path: Path) -> None:
    with pytest.raises(MsmError, match=r"words\.yaml: none of its words stands in "):
        turn(tmp_path, TEXT.replace("likes", "wants"))
