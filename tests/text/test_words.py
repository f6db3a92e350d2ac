"""Words, phrases and sentences of a text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.text.words import mentions, mentions_any, normalize, sentences


def test_a_phrase_is_found_as_whole_words_over_line_breaks_and_in_any_case() -> None:
    assert mentions("It likes American\n  cheese.", "american cheese")
    assert not mentions("It likes Americana.", "american")
    assert mentions_any("Plain brie.", ["Edam", "Brie"])
    assert not mentions_any("Plain brie.", [])


def test_sentences_end_at_marks_before_space() -> None:
    assert sentences("One. Two! 3.5 kg? Yes") == ["One.", "Two!", "3.5 kg?", "Yes"]
    assert sentences("  ") == []


@settings(deadline=None)
@given(st.text())
def test_normalizing_twice_changes_nothing_more(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


def test_case_punctuation_and_spacing_make_no_other_document() -> None:
    assert normalize("A  document, here!") == normalize("a DOCUMENT\nhere") == "a document here"
