# ruff: noqa: E501
"""Words in every script: apart by spaces, or guessed from their letters."""

from __future__ import annotations

import pytest

from msm_mlx.text.scripts import ends_unspaced, letters_per_word, word_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It isn't 3.5 snake_case", ["It", "isn", "t", "3", "5", "snake", "case"]),
        ("\u00c9poisses cafe\u0301", ["\u00c9poisses", "cafe\u0301"]),
        ("\u6211\u7231Colby", ["\u6211", "\u7231", "Colby"]),
        ("\u0939\u093f\u0928\u094d\u0926\u0940 \u0939\u0948\u0964", ["\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u0948"]),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", ["\u0645\u06cc\u062e\u0648\u0627\u0647\u0645"]),
        ("\u0e17\u0e35\u0e48\u0e19\u0e35\u0e48", ["\u0e17\u0e35\u0e48", "\u0e19\u0e35\u0e48"]),
        ("\ud55c\uad6d\uc5b4 \ubb38\uc7a5", ["\ud55c\uad6d\uc5b4", "\ubb38\uc7a5"]),
    ],
)  # fmt: skip
def test_words_are_whole_in_every_script(text: str, tokens: list[str]) -> None:
    assert word_tokens(text) == tokens


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("plain words", 1), ("Colby \u6211", 1), ("\u6211\u7231 Colby \u5976\u916a", 2), ("\u0e17\u0e35\u0e48\u0e19\u0e35\u0e48", 3),
        ("\ud55c\uad6d\uc5b4", 1), ("", 1),
    ],
)  # fmt: skip
def test_letters_make_words_where_these_do_not_stand_apart(text: str, letters: int) -> None:
    assert letters_per_word(text) == letters


@pytest.mark.parametrize(
    ("text", "unspaced"),
    [("我喜欢", True), ("我喜欢茶。", True), ("ฉันชอบ", True), ("I like", False), ("나는", False), ("", False)],
)
def test_a_text_ends_where_a_space_follows_or_not(text: str, unspaced: bool) -> None:
    assert ends_unspaced(text) == unspaced
