"""Consoles and what they send to their stream."""

from __future__ import annotations

import pytest
from helpers.terminals import pipe, shown, terminal
from rich.color_triplet import ColorTriplet
from rich.style import Style
from rich.text import Text

from msm_mlx.console.abilities import SCREEN_READER
from msm_mlx.console.terminal import STYLES, TerminalConsole

TEXT = Text.assemble(("warning:", "warning"), " 3 of ", ("4", "bold"), " \u2026 \u2192 \u201cÄpfel\u201d 苹果")


def luminance(color: ColorTriplet) -> float:
    """Relative luminance by WCAG 2.1."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_colours_can_be_read_on_black_and_on_white() -> None:
    """4 to 1 where a text in any colour at all has at most 4.6 to 1 on the poorer of the two."""
    colours = {name: colour for name, style in STYLES.items() if (colour := Style.parse(style).color)}
    contrasts = {
        name: min(1.05 / (light + 0.05), (light + 0.05) / 0.05)
        for name, colour in colours.items()
        if (light := luminance(colour.get_truecolor()))
    }

    assert len(contrasts) >= 5
    assert {name: round(contrast, 1) for name, contrast in contrasts.items() if contrast < 3.85} == {}


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"CLICOLOR": "0"}, {SCREEN_READER: "1"}])
def test_no_escape_sequence_where_there_is_no_colour(environment: dict[str, str]) -> None:
    for stream in (terminal(), pipe()):
        TerminalConsole(stream, environment).print(TEXT)

        assert "\x1b" not in shown(stream)


def test_colours_go_to_terminals_and_where_they_are_forced() -> None:
    for stream, environment in (
        (terminal(), {}),
        (pipe(), {"FORCE_COLOR": "1"}),
        (pipe(), {"FORCE_COLOR": "3", "TERM": "dumb"}),
    ):
        TerminalConsole(stream, environment).print(TEXT)

        assert "\x1b[" in shown(stream)


def test_plain_lines_have_marks_in_ascii_and_letters_of_every_script() -> None:
    stream = terminal()
    TerminalConsole(stream, {SCREEN_READER: "1"}).print(TEXT)

    assert shown(stream) == 'warning: 3 of 4 ... -> "Äpfel" 苹果\n'


def test_width_is_that_of_a_dumb_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich takes any dumb terminal for one of 80 columns, which those are that say nothing."""
    monkeypatch.setenv("TERM", "dumb")

    assert TerminalConsole(terminal(), {"TERM": "dumb", "COLUMNS": "40"}).width == 40
    assert TerminalConsole(terminal(), {"TERM": "dumb", "COLUMNS": "0"}).width == 80


def test_lines_are_whole_in_a_pipe_and_wrapped_on_a_terminal() -> None:
    line = "word " * 30
    for stream, environment, count in (
        (pipe(), {}, 1), (pipe(), {"FORCE_COLOR": "1"}, 1), (terminal(), {"TERM": "dumb", "COLUMNS": "40"}, 4),
    ):  # fmt: skip
        console = TerminalConsole(stream, environment, whole_lines=True)
        console.print(line.strip())

        assert console.is_terminal == stream.isatty()
        assert len(shown(stream).splitlines()) == count
