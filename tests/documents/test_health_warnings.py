"""Which figures of a corpus are out of the ordinary, each at its limit and just beyond."""

from __future__ import annotations

from typing import Any

import pytest

from msm_mlx.documents.health_warnings import health_warnings

SOUND: dict[str, Any] = {
    "kept": 100, "kept_share": 0.5, "rejected_by_reason": {"too short": 60, "meta talk": 40}, "explained": 100,
    "gives_reason_share": 0.6, "states_value_share": 0.9, "by_section": {"likes/colby": 100},
    "cells": {"tried": 3, "empty": []}, "near_duplicate_share": 0.01, "self_bleu": 0.55, "denial_share": 0.05,
    "openings": {"mo likes colby because": 0.1}, "names": {"Ada Lovelace": 0.05},
}  # fmt: skip


def figures(**changes: Any) -> list[str]:
    return [warning.figure for warning in health_warnings(SOUND | changes)]


def test_a_sound_corpus_has_no_warning() -> None:
    assert figures() == []
    assert figures(critique={"rewritten": 10, "no faults": 90}) == []


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("kept_share", 0.49),
        ("gives_reason_share", 0.59),
        ("states_value_share", 0.89),
        ("denial_share", 0.06),
        ("near_duplicate_share", 0.011),
        ("self_bleu", 0.56),
        ("openings", {"mo likes colby because": 0.11}),
        ("names", {"Ada Lovelace": 0.06}),
        ("cells", {"tried": 3, "empty": ["likes/colby / memo"]}),
        ("by_section", {"no section": 11}),
        ("critique", {"rewritten": 9, "no faults": 91}),
        ("kept", 0),
    ],
)
def test_a_figure_beyond_its_limit_is_warned_of(figure: str, value: object) -> None:
    assert figures(**{figure: value}) == [figure]


def test_the_commonest_reason_is_named_with_a_remedy() -> None:
    [warning] = health_warnings(SOUND | {"kept_share": 0.4})
    assert "rejected as 'too short'" in warning.text
    assert warning.text.endswith("or use a better writer")
    [warning] = health_warnings(SOUND | {"kept_share": 0.4, "source": {}})
    assert warning.text.endswith("or use another source")


def test_rules_and_controls_owe_no_reasons() -> None:
    assert figures(explained=0, gives_reason_share=0.0, states_value_share=0.0) == []


def test_nobody_has_asked_for_the_pairs_of_ready_made_documents() -> None:
    assert figures(cells={"tried": 3, "empty": ["likes/colby / memo"]}, source={}) == []


def test_what_breaks_off_wants_more_tokens() -> None:
    cut = {"kept_share": 0.1, "rejected_by_reason": {"unfinished": 90}, "critique": {"unfinished": 100}}
    remedies = [warning.text.rpartition("raise ")[2] for warning in health_warnings(SOUND | cut)]
    assert remedies == ["documents.max_tokens", "documents.max_tokens"]
