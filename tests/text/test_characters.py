"""Hidden characters, and those that a script needs."""

from __future__ import annotations

import pytest

from msm_mlx.text.characters import clean_invisible, hidden_characters


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


@pytest.mark.parametrize(
    ("text", "clean", "count"),
    [
        ("\ufeffMemo.", "Memo.", 1),
        ("Poc\u00adket and \u200bCol\u2060by", "Pocket and Colby", 3),
        ("a\r\nb\x0cc\u2028d", "a\nb\nc\nd", 0),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", 0),
        ("\u0e17\u0e35\u0e48\u200b\u0e19\u0e35\u0e48\u00ad", "\u0e17\u0e35\u0e48\u200b\u0e19\u0e35\u0e48", 1),
        ("\U0001f468\u200d\U0001f469 a\u200db", "\U0001f468\u200d\U0001f469 ab", 1),
        ("a\u202eb\x00", "a\u202eb\x00", 0),  # may be meant to deceive
    ],
)
def test_harmless_characters_go_where_no_script_needs_them(text: str, clean: str, count: int) -> None:
    cleaned, names = clean_invisible(text)
    assert (cleaned, names.total()) == (clean, count)


def test_what_goes_is_named() -> None:
    assert clean_invisible("Poc\u00adket\ufeff")[1] == {"soft hyphen": 1, "byte-order mark": 1}
