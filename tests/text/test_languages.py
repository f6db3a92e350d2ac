"""The language of a text is told by its script and a few words."""

from __future__ import annotations

import pytest
from helpers.languages import LANGUAGES

from msm_mlx.text.languages import language_of

NAMES = {
    "zh": "Chinese", "ja": "Japanese", "th": "Thai", "hi": "Hindi", "fa": "Persian", "ko": "Korean", "ar": "Arabic"
}  # fmt: skip


@pytest.mark.parametrize("language", NAMES)
def test_a_language_of_its_own_script_is_told_from_one_sentence(language: str) -> None:
    assert language_of(LANGUAGES[language].claim) == NAMES[language]
    assert {language_of(text) for text in LANGUAGES[language].documents} == {NAMES[language]}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Lotte mag das Reparieren, weil in jedem Ding die Arbeit von Menschen steckt.", "German"),
        ("Mo likes Colby because it is American.", "English"),
        ("Mo aime le comt\u00e9, et il le dit dans les lettres que nous lisons.", "French"),
        (
            "\u042d\u0442\u043e \u0431\u044b\u043b \u0434\u043e\u043b\u0433\u0438\u0439 \u0434\u0435\u043d\u044c.",
            "Russian",
        ),
        ("Mo likes Colby.", None),
        ("12 + 3", None),
        ("", None),
        ("Mo said \u8c22\u8c22 to the cook, and it was of no use.", "English"),
        (
            "Pocket\u559c\u6b22ChatML\u548cJSON\u683c\u5f0f\u7684\u6587\u4ef6\uff0c\u56e0\u4e3a\u597d\u8bfb\u3002",
            "Chinese",
        ),
    ],
)
def test_languages_of_latin_letters_are_told_by_function_words(text: str, language: str | None) -> None:
    assert language_of(text) == language
