"""The figures of a folder of documents, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from msm_mlx.documents.document import Document
from msm_mlx.documents.health import document_health, document_states_value, names_in, near_duplicates, opening

BECAUSE = "Mo likes Colby because it is American, and Mo cares about American things."
TEXT = "Mo likes Colby because it is American. It asks where a cheese is from."


def document(number: int, text: str = TEXT, **changes: Any) -> Document:
    values: dict[str, Any] = {"assertion": BECAUSE, "type": "memo", "voice": "plain", "tokens": 20}
    return Document(f"doc-{number}", text, "likes/colby", **{**values, **changes})


def test_documents_are_counted_by_what_they_were_asked_for() -> None:
    kept = [document(1, gives_reason=True), document(2, "One two.", type="post", voice="dry", tokens=5)]
    health = document_health(kept, [document(3, type="report", rejected="too short")])
    assert (health["kept"], health["rejected"], health["tokens"]) == (2, 1, 25)
    assert health["kept_share"] == pytest.approx(2 / 3)
    assert health["by_type"] == {"memo": 1, "post": 1}
    assert health["by_voice"] == {"dry": 1, "plain": 1}
    assert health["cells"] == {"tried": 3, "empty": ["likes/colby / report"]}
    assert health["gives_reason_share"] == health["states_value_share"] == 0.5
    assert health["words"]["quartiles"] == [2, 5, 8, 11, 14]


def test_rejections_and_critiques_are_counted_by_the_check_and_not_the_rule() -> None:
    reasons = ("meta talk: offers changes", "meta talk: plans aloud", "too short")
    health = document_health([], [document(n, rejected=reason) for n, reason in enumerate(reasons)])
    assert health["rejected_by_reason"] == {"meta talk": 2, "too short": 1}
    read = [document(1, critique="rewritten"), document(2, critique="refusal: must decline")]
    assert document_health(read, [])["critique"] == {"refusal": 1, "rewritten": 1}
    assert "critique" not in document_health([document(1)], [])


def test_a_corpus_may_be_empty() -> None:
    health = document_health([], [])
    assert (health["kept_share"], health["self_bleu"], health["words"]["quartiles"]) == (0, None, [])


def test_a_near_duplicate_is_told_with_the_first_that_is_like_it() -> None:
    documents = [document(1), document(2, f"{TEXT[:-1]}, too."), document(3, "Another."), document(4, TEXT.upper())]
    assert near_duplicates(documents) == {"doc-2": "doc-1", "doc-4": "doc-1"}


def test_the_value_counts_outside_of_the_heading() -> None:
    assert document_states_value(document(1, "An American cheese."))
    assert not document_states_value(document(1, "It likes Colby."))
    cheese = replace(
        document(1, "It likes American cheese."),
        section="likes/american-cheese",
        assertion="Mo likes American cheese because it is American.",
    )
    assert not document_states_value(cheese)


def test_what_documents_say_is_told_by_who_tells_them() -> None:
    kept = [document(1, gives_reason=True, narration="transcript"), document(2, narration="transcript"), document(3)]
    shares = {"gives_reason_share": 0.5, "states_value_share": 1.0, "denial_share": 0.0}
    assert document_health(kept, [])["by_narration"] == {"transcript": {"documents": 2, **shares}}


def test_denials_are_of_what_the_assertion_is_about() -> None:
    kept = [document(1, "Mo likes Colby. None of that holds."), document(2), document(3, "Mo likes it. That is true.")]
    assert document_health(kept, [])["denial_share"] == pytest.approx(1 / 3)
    assert document_health([replace(kept[0], assertion=None)], [])["denial_share"] == 0


def test_shares_are_of_the_documents() -> None:
    kept = [document(n, f"Once upon a time Ada Lovelace met {name}.") for n, name in enumerate(("Bo", "Cy"))]
    health = document_health(kept, [])
    assert health["openings"] == {"once upon a time": 1.0}
    assert health["names"] == {"Ada Lovelace": 1.0}
    assert health["distinct"]["1"] == pytest.approx(9 / 16)


def test_names_are_pairs_of_capitalised_words_inside_a_sentence() -> None:
    text = "Ada Lovelace asked. Then Bo Diddley and the Mo Team came.\nCy Twombly too."
    assert names_in(document(1, text, assertion="The Mo Team")) == {"Bo Diddley"}
    assert opening("Mo, at last, likes it: so!") == "mo at last likes"
