"""What a suite file of any kind may say: lists that may be one text, patterns, placeholders, and names."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from msm_mlx.settings_file.base import Settings
from msm_mlx.suites.items import Turn
from msm_mlx.suites.schema import (
    ItemEntry,
    MaybePatterns,
    MaybeTexts,
    TextOrTexts,
    missing_placeholders,
    unknown_name,
)


class Entry(Settings):
    texts: TextOrTexts = ("x",)
    more: MaybeTexts = ()
    patterns: MaybePatterns = ()


def test_one_text_may_stand_for_a_list_of_one() -> None:
    assert Entry.model_validate({"texts": "a", "more": "b", "patterns": "c+"}) == Entry(
        texts=("a",), more=("b",), patterns=("c+",)
    )
    assert Entry.model_validate({"texts": ["a", "b"], "more": []}).texts == ("a", "b")


@pytest.mark.parametrize("wrong", [{"texts": []}, {"texts": ""}, {"texts": [1]}, {"more": [""]}, {"others": "a"}])
def test_what_is_no_text_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Entry.model_validate(wrong)


def test_a_pattern_has_to_be_one() -> None:
    with pytest.raises(ValidationError, match="is no regular expression: missing \\), unterminated subpattern"):
        Entry.model_validate({"patterns": ["(a"]})


def test_an_item_takes_its_turns_and_its_place_in_the_suite() -> None:
    entry = ItemEntry.model_validate({"prompt": "Why?", "turns": [{"user": "A?"}, {"user": "B?", "assistant": "C."}]})
    assert entry.common("apart", 3, None) == {
        "id": "apart/item-3",
        "suite": "apart",
        "domain": None,
        "question": "Why?",
        "spec": None,
        "turns": (Turn("A?", None), Turn("B?", "C.")),
        "system": "",
        "prefill": "",
    }
    assert entry.common("apart", 3, "cheese")["id"] == "apart/cheese-3"


def test_every_placeholder_that_is_missing_is_told() -> None:
    loc = ("question",)
    assert list(missing_placeholders(loc, "{a} or {b}?", ("a", "b"))) == []
    assert list(missing_placeholders(loc, "{a} or b?", ("a", "b", "c"))) == [
        (loc, "{b} is missing in '{a} or b?'"),
        (loc, "{c} is missing in '{a} or b?'"),
    ]


def test_a_name_that_is_unknown_is_told_with_the_nearest() -> None:
    assert list(unknown_name(("items", 0), "refuse", "act", {"refuse": 1})) == []
    [(loc, problem)] = unknown_name(("items", 0), "refusse", "act", {"refuse": 1})
    assert (loc, problem) == (("items", 0), "no act is called 'refusse' (did you mean refuse?)")
