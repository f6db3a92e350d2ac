"""Nothing in a text is a command to a terminal."""

from __future__ import annotations

import pytest

from msm_mlx.text.terminal import literal, visible


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain, ünïcode and 日本", "plain, ünïcode and 日本"),
        ("two\nlines", "two\nlines"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("turned \u202eround", "turned \\u202eround"),
        ("a\u00a0b \x07", "a\u00a0b \\u0007"),
    ],
)
def test_control_characters_are_escaped_and_line_breaks_stay(text: str, escaped: str) -> None:
    assert visible(text) == escaped
    assert literal(text).plain == escaped


def test_what_a_script_needs_is_shown() -> None:
    persian = "\u0645\u06cc\u200c\u06a9\u0646\u062f"  # with the joiner that its spelling has
    assert visible(persian) == persian
    assert literal(f"{persian}\n12").plain == f"{persian}\n12"
    assert visible(f"\u202e{persian}") == f"\\u202e{persian}"
    assert literal("a\u200cb").plain == "a\\u200cb"


def test_markup_is_no_markup() -> None:
    assert literal("[bold]x[/bold]").plain == "[bold]x[/bold]"
