"""How a sentence hangs on the one before it."""

from __future__ import annotations

import pytest

from msm_mlx.spec.linking import DEGREE, LIMIT, depends


def test_what_needs_the_sentence_before_it() -> None:
    assert depends("It says so.")
    assert depends("{model_name} tells the caller so.")
    assert not depends("Therefore {model_name} waits.")
    assert depends("Pass it to Walter.", is_beside=False)
    assert depends("Say that nicely.", is_beside=False)
    assert not depends("Say that you are a bot.", is_beside=False)


@pytest.mark.parametrize(
    "text",
    [
        "Once.",
        "Not twice.",
        "No exceptions!",
        "(Not even to Ann.)",
        "Every time.",
        "Never more.",
        "Not Ann, unless she asks.",
    ],
)
def test_degrees(text: str) -> None:
    assert DEGREE.match(text)


@pytest.mark.parametrize(
    "text", ["Once upon a time.", "No tea.", "Nothing happened.", "Not everybody knows.", "Every time it rained."]
)
def test_what_is_no_degree(text: str) -> None:
    assert not DEGREE.match(text)


def test_limits() -> None:
    assert LIMIT.match("Unless Ann asks.")
    assert not LIMIT.match("Ask Ann.")
