"""What a stream may be sent."""

from __future__ import annotations

import pytest
from helpers.terminals import pipe, terminal

from msm_mlx.console.abilities import SCREEN_READER, Abilities, abilities_of, has_light_background

ALL = Abilities(plain=False, colour=True, cursor=True, drawing=True)
NO_COLOUR = Abilities(plain=False, colour=False, cursor=True, drawing=True)
PLAIN = Abilities(plain=True, colour=False, cursor=False, drawing=False)
FILE = Abilities(plain=False, colour=False, cursor=False, drawing=True)
COLOURED_FILE = Abilities(plain=False, colour=True, cursor=False, drawing=True)


@pytest.mark.parametrize(
    ("environment", "on_terminal", "in_pipe"),
    [
        ({}, ALL, FILE),
        ({"NO_COLOR": "1"}, NO_COLOUR, FILE),
        ({"NO_COLOR": "0"}, NO_COLOUR, FILE),  # any value counts, as no-color.org has it
        ({"NO_COLOR": ""}, ALL, FILE),
        ({"CLICOLOR": "0"}, NO_COLOUR, FILE),
        ({"CLICOLOR": "1"}, ALL, FILE),
        ({"FORCE_COLOR": "1"}, ALL, COLOURED_FILE),
        ({"FORCE_COLOR": "0"}, NO_COLOUR, FILE),
        ({"FORCE_COLOR": ""}, ALL, FILE),
        ({"CLICOLOR_FORCE": "1"}, ALL, COLOURED_FILE),
        ({"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, ALL, COLOURED_FILE),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, NO_COLOUR, FILE),
        ({"TERM": "dumb"}, PLAIN, FILE),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, PLAIN, COLOURED_FILE),
        ({SCREEN_READER: "1"}, PLAIN, PLAIN),
        ({SCREEN_READER: "1", "FORCE_COLOR": "1"}, PLAIN, PLAIN),
        ({SCREEN_READER: "0"}, ALL, FILE),
    ],
)
def test_environment_decides(environment: dict[str, str], on_terminal: Abilities, in_pipe: Abilities) -> None:
    assert abilities_of(terminal(), environment) == on_terminal
    assert abilities_of(pipe(), environment) == in_pipe


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "koi8-r"])
def test_nothing_is_drawn_without_unicode(encoding: str) -> None:
    assert not abilities_of(terminal(encoding), {}).drawing


@pytest.mark.parametrize(
    ("colours", "is_light"),
    [
        ("0;15", True),
        ("0;7", True),
        ("0;default;15", True),
        ("15;0", False),
        ("7;8", False),
        ("0;default", False),
        ("", False),
    ],
)
def test_a_terminal_may_say_that_it_is_light(colours: str, is_light: bool) -> None:
    assert has_light_background({"COLORFGBG": colours}) == is_light
    assert not has_light_background({})
