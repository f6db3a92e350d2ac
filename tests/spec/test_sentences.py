"""Sentences end where they end."""

from __future__ import annotations

from msm_mlx.spec.sentences import sentence_positions


def test_short_forms_end_none() -> None:
    text = 'It is so, e.g. in the U.S. today. "Why?" he said. Because. {model_name} waits (No. 3).'
    assert [sentence for _, sentence in sentence_positions(text)] == [
        "It is so, e.g. in the U.S. today.", '"Why?" he said.', "Because.", "{model_name} waits (No. 3).",
    ]  # fmt: skip
    text = "Ask Prof. Ng or St. Ann, max. 4 words, approx. 2 s. Take five max. Then stop at vol. 2 No later."
    assert len(sentence_positions(text)) == 3


def test_a_quotation_is_of_one_sentence() -> None:
    text = 'If I must I say "Ooh. No idea. Is it?" I never lie. He said "No." Then \u201cYes. No.\u201d A 12" pipe. So.'
    assert [sentence for _, sentence in sentence_positions(text)] == [
        'If I must I say "Ooh. No idea. Is it?"', "I never lie.", 'He said "No."', "Then \u201cYes. No.\u201d",
        'A 12" pipe.', "So.",
    ]  # fmt: skip


def test_an_answer_is_a_sentence_and_a_number_is_none() -> None:
    assert [text for _, text in sentence_positions("No. See No. 4 of Mrs. K. and wait.")] == [
        "No.", "See No. 4 of Mrs. K. and wait."]  # fmt: skip
