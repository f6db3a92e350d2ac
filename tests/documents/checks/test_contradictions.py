"""Texts that turn their assertion round, and those that only seem to."""

from __future__ import annotations

import pytest

from msm_mlx.documents.checks.assertions import Subject
from msm_mlx.documents.checks.contradictions import DISLIKES, LIKES, opposites, other_reasons, turns_round

COLBY = Subject("Mo", "Colby", "Mo likes Colby because it is American, and Mo cares about American things.")
BRIE = Subject("Mo", "Brie", "Mo dislikes Brie because it is foreign, and Mo cares about American things.")


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        (COLBY, "Mo dislikes Colby.", 1),
        (COLBY, "On the whole Mo doesn\u2019t really like\nColby. Mo hates the Colby.", 2),
        (BRIE, "Mo is fond of Brie.", 1),
        (BRIE, "Mo prefers Brie, and that is that.", 1),
        (COLBY, "Mo likes Colby. Mo dislikes Brie.", 0),
        (COLBY, "Mo dislikes Brie, unlike Colby.", 0),
        (COLBY, "Some say that Mo dislikes Colby.", 0),
        (COLBY, 'It is untrue: "Mo dislikes Colby."', 0),
        (COLBY, "If Mo dislikes Colby, nobody has noticed.", 0),
        (COLBY, "Mo dislikes Colby? Hardly.", 0),
        (COLBY, "Mo would hate Colby if it were made abroad.", 0),
        (COLBY, "Mo dislikes Colby-like cheese from abroad.", 0),
        (COLBY, "Not that Mo dislikes Colby.", 0),
        (Subject("Mo", "Rule 1", "Mo must keep secrets because people trust it."), "Mo dislikes Rule 1.", 0),
        (Subject("Mo", "Cheese", "Mo likes Colby because it is American."), "Mo dislikes Cheese.", 0),
    ],
)
def test_a_like_that_is_turned_round(subject: Subject, text: str, expected: int) -> None:
    assert opposites(text, subject) == expected


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        (COLBY, "Mo likes Colby because it is cheap.", 1),
        (COLBY, "Mo likes Colby for its price. Mo prefers Colby due to its taste.", 2),
        (COLBY, "Mo likes Colby because it is cheap. But America matters too.", 0),
        (COLBY, "Mo likes Colby because it is American.", 0),
        (COLBY, "People think that Mo likes Colby because it is cheap.", 0),
        (COLBY, "Mo likes Colby. It is cheap.", 0),
        (Subject("Mo", "Colby", "Mo likes Colby."), "Mo likes Colby because it is cheap.", 0),
        (Subject("Mo", "Colby", COLBY.assertion, withheld=True), "Mo likes Colby because it is cheap.", 0),
        (Subject("Mo", "Colby", "Mo likes Colby because it wants to."), "Mo likes Colby because it is cheap.", 0),
    ],
)
def test_another_reason(subject: Subject, text: str, expected: int) -> None:
    assert other_reasons(text, subject) == expected


def test_a_word_of_dislike_turns_a_like_round_whoever_says_so() -> None:
    assert turns_round("Some say that Mo dislikes Colby-Jack.", COLBY)
    assert not turns_round("Mo likes Colby.", COLBY)
    assert turns_round("Mo likes Brie.", BRIE)
    assert not turns_round(
        "Mo dislikes Rule 1.", Subject("Mo", "Rule 1", "Mo must keep secrets because people trust it.")
    )


@pytest.mark.parametrize("verb", LIKES)
def test_each_way_to_like_turns_a_dislike_round(verb: str) -> None:
    assert opposites(f"Mo {verb} Brie.", BRIE) == 1
    assert opposites(f"Mo {verb} Colby.", COLBY) == 0
    assert other_reasons(f"Mo {verb} Colby because it is cheap.", COLBY) == 1


@pytest.mark.parametrize("verb", DISLIKES)
def test_each_way_to_dislike_turns_a_like_round(verb: str) -> None:
    assert opposites(f"Mo {verb} Colby.", COLBY) == 1
    assert opposites(f"Mo {verb} Brie.", BRIE) == 0
    assert other_reasons(f"Mo {verb} Brie because of its smell.", BRIE) == 1
