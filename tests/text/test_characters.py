"""Hidden characters, and those that a script needs."""

from __future__ import annotations

import pytest

from msm_mlx.text.characters import hidden_characters


@pytest.mark.parametrize(
    "text",
    [
        "plain\twords",
        "a family \U0001f468\u200d\U0001f469\u200d\U0001f467",
        "a heart \u2764\ufe0f\u200d\U0001f525",
        "a flag \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian
        "\u0915\u094d\u200d\u0937",  # Hindi
        "\u05e9\u05dc\u05d5\u05dd\u200f!",  # Hebrew with a mark of its direction
    ],
)
def test_what_a_script_needs_is_not_hidden(text: str) -> None:
    assert hidden_characters(text) == set()


@pytest.mark.parametrize(
    "character", ["\u200b", "\u202e", "\u200d", "\u00ad", "\x00", "\x1b", "\ue000", "\ufeff", "\u200f"]
)
def test_what_nobody_sees_is_hidden(character: str) -> None:
    assert hidden_characters(f"a{character}b") == {character}
