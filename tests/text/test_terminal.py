"""Nothing in a text is a command to a terminal."""

from __future__ import annotations

import pytest

from msm_mlx.text.terminal import VisibleStream, literal, visible


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


@pytest.mark.parametrize(
    "text",
    [
        "a\u200cb \x1b[31mred\n\nthe end\u202e",
        "\u0645\u06cc\u200c\u06a9\u0646\u062f (12)\u200f.\n\u200f\u0645",
        "\U0001f469\u200d\U0001f52c, \U0001f3f4\U000e0067\U000e0062\U000e007f and \u0e44\u200b\u0e21",
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_pieces_are_shown_as_the_whole_text_is(text: str, size: int) -> None:
    stream = VisibleStream()
    shown = [stream.take(text[at : at + size]) for at in range(0, len(text), size)]
    assert "".join([*shown, stream.take("", ends=True)]) == visible(text)
    assert shown[0], "what can be shown does not wait for the rest"
