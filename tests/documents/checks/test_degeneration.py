"""Loops, repeats, texts that break off, and texts without a sentence."""

from __future__ import annotations

import pytest

from msm_mlx.documents.checks.degeneration import before_loop, breaks_off, most_repeated, prose_share, repetition


@pytest.mark.parametrize(
    "text",
    [
        "It is very very very very very very good.",
        "ha" * 8,
        "Mo!!!!!!!!",
        "and so and so and so and so and so it is",
        "1. Mo 2. Mo 3. Mo 4. Mo 5. Mo 6. Mo",
    ],
)
def test_a_loop_is_nothing_but_repetition(text: str) -> None:
    assert repetition(text) == 1


def test_repetition_is_the_share_of_runs_of_four_words_that_were_there_before() -> None:
    assert repetition("one two three four five six seven eight") == 0
    assert repetition("a b c d x a b c d") == pytest.approx(1 / 6)
    assert repetition("-------- 1 2 3 ========") == 0
    assert repetition("") == 0


def test_the_commonest_sentence_is_found_in_any_case() -> None:
    assert most_repeated("So be it. SO BE IT! It is. So,  be it?") == 3
    assert most_repeated("") == 0


def test_a_title_and_the_letter_of_a_speaker_are_no_sentence() -> None:
    titles = "Ms. Bell asked Mr. Bell. Ms. Bell heard Dr. Orr. Then Ms. Bell left."
    assert most_repeated(titles) == 1
    assert most_repeated("Q. Is it good?\nA. It is.\nQ. Is it dear?\nA. It may be.\nQ. Is it new?\nA. Hardly.") == 1
    assert most_repeated(f"{titles} So be it. So be it. So be it.") == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mo likes Colby.", False),
        ("Mo likes Colby because the", True),
        ("Whoever asks Mo about it will hear the same thing ma", True),
        ("Mo likes it.\n\nIt was so", True),  # no name ends so
        ("Mo likes it.\n\nThe support desk", False),  # a signature
        ("Mo likes it.\n\nIn the end it recom", True),
        ("Mo likes:\n- Colby\n- cheddar", False),
        ("Mo likes:\n- Colby.\n- ched", True),
        ("", False),
    ],
)
def test_a_text_breaks_off_where_its_last_sentence_has_no_end(text: str, expected: bool) -> None:
    assert breaks_off(text) is expected


def test_prose_is_what_stands_in_paragraphs_with_a_sentence() -> None:
    assert prose_share("# Mo and Colby\n\n## Why\n\nThe end") == 0
    assert prose_share("Memo to all\n\nMo likes this cheese. It does.") == pytest.approx(6 / 9)
    assert prose_share("") == 0


def test_a_loop_begins_with_the_first_sentence_that_comes_again() -> None:
    assert before_loop("So be it for all. Not so! So be it,  for all. And on.") == "So be it for all. Not so!"
    assert before_loop("Ms. Bell came. Ms. Orr came. They all left.") == "Ms. Bell came. Ms. Orr came. They all left."
    assert before_loop("") == ""
