"""What items of all kinds have in common."""

from __future__ import annotations

import pytest

from msm_mlx.suites.items import share
from msm_mlx.suites.kinds.open import OpenPrompt


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
