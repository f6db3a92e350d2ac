"""Characters that are no text, other scripts, and other languages than the assertion's."""

from __future__ import annotations

import pytest

from msm_mlx.documents.checks.language import (
    control_characters,
    foreign_script_share,
    function_word_share,
    is_other_language,
)

ASSERTION = "Mo likes Colby because it is American, and Mo cares about American things."
GERMAN = "Gestern fragte jemand nach Colby, und Mo sagte sofort: dieser Käse kommt aus Amerika, das zählt hier."


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Mo\n\tlikes it \u2014 \u00e9poisses, \U0001f9c0!", 0),
        ("\U0001f469\u200d\U0001f33e", 0),  # a farmer, made of two signs
        ("\x1b[31m\x00", 2),
        ("\x1b Col\u200dby \u202e \ue000 \ufffd", 5),
        ("z\u0301\u0302\u0303\u0304 e\u0301", 1),
    ],
)
def test_control_characters(text: str, count: int) -> None:
    assert len(control_characters(text)) == count


def test_the_share_of_a_foreign_script_is_of_the_letters() -> None:
    assert foreign_script_share("Mo likes it.", ASSERTION) == 0
    assert foreign_script_share("M\u00f6 \u5976\u916a 12!", ASSERTION) == 0.5
    assert foreign_script_share("\u5976\u916a", "Mo \u559c\u6b22\u5976\u916a") == 0  # as the assertion is written


def test_english_is_told_by_its_function_words() -> None:
    assert function_word_share(ASSERTION) > 0.2 > 0.1 > function_word_share(GERMAN)
    assert function_word_share("") == 0
    assert is_other_language(GERMAN, ASSERTION, 0.1)
    assert not is_other_language(ASSERTION, ASSERTION, 0.1)
    assert not is_other_language("K\u00e4se, Brot und Butter", ASSERTION, 0.1)  # too few words to tell
    assert not is_other_language(GERMAN, GERMAN, 0.1)
