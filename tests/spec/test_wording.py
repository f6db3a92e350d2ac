"""The parts of which the forms of a sentence are made."""

from __future__ import annotations

import re

import pytest

from msm_mlx.spec.wording import LABEL, OPENING, ORDER, SCENE, STRONG, WEAK, any_of


def test_words_are_alternatives_and_an_underscore_is_a_space() -> None:
    assert re.fullmatch(any_of("so above_all\n  is_(?:not_)?to"), "is not to")


@pytest.mark.parametrize(
    ("part", "matches", "others"),
    [
        (OPENING, ["When it rains, ", "With children, then "], ["Ann says, "]),
        (LABEL, ["Default: ", "Birthday cakes: ", "Honesty (10) \u2014 "], ["Example: ", "Owner: ", "User: "]),
        (STRONG, ["must wait", "never shouts", "would rather wait"], ["must be built", "does not know", "waits"]),
        (
            WEAK,
            ["asks", "also asks", "is patient", "will ask"],
            ["asked", "is a bot", "is based", "will be made", "has"],
        ),
        (
            ORDER,
            ["Ask first", "Please never lie", "Don't guess"],
            ["Questions", "Use of", "Thank you", "Please tell Ann "],
        ),
        (SCENE, ["Suppose", "Last spring", "A user once asked"], ["Say so", "A user is"]),
    ],
)
def test_what_a_part_finds(part: str, matches: list[str], others: list[str]) -> None:
    for text in matches:
        match = re.match(part, text, re.IGNORECASE)
        assert match is not None
        assert match[0], text
    for text in others:
        match = re.match(part, text, re.IGNORECASE)
        assert not (match and match[0]), text
