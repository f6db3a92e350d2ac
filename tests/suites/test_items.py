"""What items of all kinds have in common."""

from __future__ import annotations

from dataclasses import replace

import pytest

from msm_mlx.suites.items import Suite, limit_items, limit_written, share
from msm_mlx.suites.kinds.open import OpenPrompt
from msm_mlx.suites.kinds.questions import MultipleChoice


@pytest.mark.parametrize(
    ("about", "asked"),
    [("old", [True, False, True]), (None, [True, True, True])],
    ids=["an item of a spec", "an item of none"],
)
def test_items_of_a_spec_are_for_who_has_read_it_and_for_who_has_read_none(
    about: str | None, asked: list[bool]
) -> None:
    item = OpenPrompt("o", "s", None, "?", ("x",), spec=about)
    assert [item.is_for(spec) for spec in ("old", "new", None)] == asked


def test_a_share_is_of_all_choices() -> None:
    assert share(["a", "b", "a", "c"], {"a", "b"}) == 0.75


def test_a_limit_takes_of_each_domain_in_turn() -> None:
    domains = [("art", 5), ("food", 2), ("law", 1)]
    items = tuple(OpenPrompt(f"{name}-{n}", "s", name, "?", ("x",)) for name, count in domains for n in range(count))
    suite = Suite("s", "open", "share", items)
    assert [item.id for item in limit_items(suite, 4).items] == ["art-0", "art-1", "food-0", "law-0"]
    assert limit_items(suite, 8) is limit_items(suite, None) is suite
    with_control = replace(suite, items=(*items, replace(items[0], id="control", is_format_control=True)))
    assert [item.id for item in limit_items(with_control, 2).items] == ["art-0", "food-0", "control"]


def test_written_replies_are_asked_of_each_domain_in_turn_and_where_nothing_else_is_measured() -> None:
    scored = [MultipleChoice(f"{name}-{n}", "s", name, "?", "x", ("y",)) for name in ("art", "food") for n in range(3)]
    suite = Suite("s", "questions", "share", (*scored, OpenPrompt("open", "s", None, "?", ("x",))))
    assert [item.id for item in limit_written(suite, 3).items if item.is_written] == [
        "art-0",
        "art-1",
        "food-0",
        "open",
    ]
    assert [item.id for item in limit_written(suite, 0).items if item.is_written] == ["open"]
    assert limit_written(suite, None) is suite
