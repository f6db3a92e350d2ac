"""The items of a suite in two parts: those to choose settings by, and those to report.

Doses that are chosen on the items that are reported look better than they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from msm_mlx.errors import RecipeError
from msm_mlx.files import sha256_json
from msm_mlx.suites.items import Item, Suite

Split = Literal["all", "dev", "test"]
DEV_SHARE = 0.25  # of the items, about


def split_suite(suite: Suite, split: Split) -> Suite:
    """The suite with the items of one part, and its format control.

    Raises:
        RecipeError: if that part has none.
    """
    if split == "all":
        return suite
    items = tuple(item for item in suite.items if item.is_format_control or part_of(item, suite) == split)
    if all(item.is_format_control for item in items):
        raise RecipeError(f"evaluation.split: {suite.name} has no item in {split}; give it more, or ask all")
    return replace(suite, items=items)


def part_of(item: Item, suite: Suite) -> Split:
    """Whether an item is among those to choose settings by, or among those to report.

    A hash of its id decides: an item stays where it is whatever else is asked, as does the same item under pressure.
    """
    id = f"{suite.at_rest or suite.name}/{item.id.partition('/')[2]}"
    return "dev" if int(sha256_json(id)[:8], 16) < DEV_SHARE * 2**32 else "test"
