"""The two parts of a suite: what settings are chosen by, and what is reported."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from msm_mlx.errors import RecipeError
from msm_mlx.suites.items import Suite
from msm_mlx.suites.load import SUITES, load_suite
from msm_mlx.suites.split import DEV_SHARE, part_of, split_suite

SHIPPED = [load_suite(name, None, profile) for profile in ("pocket", "laptop") for name in SUITES]


def test_the_parts_are_those_that_were_committed() -> None:
    """Another hash would move items that settings were chosen by among those that are reported."""
    dev = sorted(f"{s.file} {i.id}" for s in SHIPPED for i in s.items if part_of(i, s) == "dev" and not s.at_rest)
    known = hashlib.sha256("\n".join(dev).encode()).hexdigest()
    assert known == "c2cb77a378130d18124fbaa61b75d60ce95f244bcdd3db2c7d648f144f1d6339"


def test_about_a_quarter_is_to_choose_settings_by() -> None:
    parts = [part_of(i, suite) for suite in SHIPPED for i in suite.items if not suite.at_rest]
    assert parts.count("dev") / len(parts) == pytest.approx(DEV_SHARE, abs=0.03)


@pytest.mark.parametrize("suite", SHIPPED, ids=[suite.file for suite in SHIPPED])
def test_every_shipped_suite_has_both_parts_and_each_item_is_in_one(suite: Suite) -> None:
    dev, test = split_suite(suite, "dev").items, split_suite(suite, "test").items
    controls = {item.id for item in suite.items if item.is_format_control}
    assert {item.id for item in dev} & {item.id for item in test} == controls
    assert {item.id for item in (*dev, *test)} == {item.id for item in suite.items}
    assert split_suite(suite, "all") == suite


def test_an_item_is_in_the_same_part_under_pressure() -> None:
    rest, pressed = (load_suite(name) for name in ("american_values", "american_values_system"))
    assert [part_of(item, rest) for item in rest.items] == [part_of(item, pressed) for item in pressed.items]


def test_a_suite_without_an_item_in_a_part_is_told() -> None:
    suite = load_suite("american_values")
    only = [item for item in suite.items if item.is_format_control or part_of(item, suite) == "test"]
    with pytest.raises(RecipeError, match=r"evaluation\.split: american_values has no item in dev"):
        split_suite(replace(suite, items=tuple(only)), "dev")
