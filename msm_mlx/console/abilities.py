"""What may be written to a stream beside text, by what it is and by what the environment asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

SCREEN_READER = "MSM_MLX_SCREEN_READER"  # what --screen-reader sets, too
LIMITED_TERMINALS = ("dumb", "unknown")  # values of TERM
LIGHT_COLOURS = (7, *range(9, 16))  # of the 16
NO = ("", "0", "false", "no", "off")


@dataclass(frozen=True)
class Abilities:
    """What the output on one stream may have beside letters, digits and marks."""

    plain: bool
    """Lines for a screen reader: no tables, no bars, no frames, and every mark in ASCII."""
    colour: bool
    """Colours and other styles, which are escape sequences."""
    cursor: bool
    """Lines that change after they were written, and apps."""
    drawing: bool
    """Characters that draw: frames, blocks, bars."""


def abilities_of(stream: TextIO, environment: Mapping[str, str]) -> Abilities:
    """What `stream` takes.

    Colours go to terminals. NO_COLOR (https://no-color.org), CLICOLOR=0 and FORCE_COLOR=0 take them away there, and
    FORCE_COLOR and CLICOLOR_FORCE (https://force-color.org, https://bixense.com/clicolors) bring them into files and
    pipes. NO_COLOR and FORCE_COLOR=0 win over both. The cursor moves on terminals alone, whatever is forced.
    """
    is_terminal = stream.isatty()
    plain = (is_terminal and is_limited(environment)) or _is_set(environment, SCREEN_READER)
    unicode = (stream.encoding or "utf-8").lower().replace("-", "").startswith("utf")
    return Abilities(
        plain=plain,
        colour=not plain and _takes_colour(environment, is_terminal),
        cursor=is_terminal and not plain,
        drawing=unicode and not plain,
    )


def is_limited(environment: Mapping[str, str]) -> bool:
    """Whether the terminal, if there is one, knows no escape sequences."""
    return environment.get("TERM", "").lower() in LIMITED_TERMINALS


def has_light_background(environment: Mapping[str, str]) -> bool:
    """Whether the terminal says so in COLORFGBG, as iTerm2, Konsole and rxvt do: the last of its numbers is one of the
    16 colours."""
    background = environment.get("COLORFGBG", "").rpartition(";")[2]
    return background.isdecimal() and int(background) in LIGHT_COLOURS


def _takes_colour(environment: Mapping[str, str], is_terminal: bool) -> bool:
    forced = _is_set(environment, "FORCE_COLOR") or _is_set(environment, "CLICOLOR_FORCE")
    refused = environment.get("NO_COLOR") or _is_off(environment, "FORCE_COLOR")
    if refused or (_is_off(environment, "CLICOLOR") and not forced):
        return False
    return forced or is_terminal


def _is_set(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").lower() not in NO


def _is_off(environment: Mapping[str, str], name: str) -> bool:
    """Whether `name` says no; an empty value says nothing."""
    return bool(environment.get(name)) and not _is_set(environment, name)
