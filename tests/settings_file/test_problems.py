"""What is wrong with settings is said in the same words in every file, once for each mistake."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field

from msm_mlx.settings_file.base import Count, Fraction, NonEmpty, PositiveNumber, Settings, Text
from msm_mlx.settings_file.load import check_settings
from msm_mlx.settings_file.parse import parse

Size = Literal["small", "large"]


class Inner(Settings):
    rank: Count
    kind: Literal["lora", "dora"] = "lora"


class Outer(Settings):
    name: Annotated[str, Field(pattern=r"\A[a-z]+\z")] = "a"
    text: Text = "x"
    rate: PositiveNumber = 1.0
    share: Fraction | None = None
    flag: bool = False
    entries: Annotated[tuple[Text, ...], NonEmpty] = ("x",)
    inner: Inner | None = None
    sizes: Annotated[dict[Size, Inner], Field(default_factory=dict)]


def problems(text: str, *more_keys: str) -> list[str]:
    tree = parse(text)
    assert check_settings(tree, Outer, more_keys=more_keys) is None
    return str(tree.error("f")).splitlines()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: A", "f:1:7 name: must be made of a-z, 0-9, _ and - only, not 'A'"),
        ("text: 3", "f:1:7 text: must be text, not 3 (put it in quotes)"),
        ("text: ''", "f:1:7 text: must not be empty"),
        ("rate: 0", "f:1:7 rate: must be greater than 0, not 0"),
        ("rate: .inf", "f:1:7 rate: must be a finite number, not inf"),
        ("share: 2", "f:1:8 share: must be at most 1, not 2"),
        ("flag: maybe", "f:1:7 flag: must be true or false, not 'maybe'"),
        ("entries: x", "f:1:10 entries: must be a list, not 'x'"),
        ("inner: 3", "f:1:8 inner: must be a mapping, not 3"),
        ("inner: {}", "f:1:8 inner.rank: is missing"),
        (
            "inner: {rank: 1, kind: loar}",
            "f:1:24 inner.kind: must be 'lora' or 'dora', not 'loar' (did you mean lora?)",
        ),
    ],
)
def test_a_mistake_has_its_place_and_its_words(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_a_misspelt_key_is_one_mistake_and_not_a_missing_one_too() -> None:
    assert problems("inner: {rnak: 1}") == ["f:1:9 inner.rnak: unknown key (did you mean rank?)"]


def test_a_key_of_a_mapping_with_fixed_keys_may_be_misspelt_too() -> None:
    assert problems("sizes: {smal: {rank: x}}") == ["f:1:9 sizes.smal: unknown key (did you mean small?)"]


def test_the_bad_entries_of_a_list_are_told_and_not_that_it_has_too_few() -> None:
    assert problems("entries: ['', '']") == [
        "f:1:11 entries: must not be empty",
        "f:1:15 entries: must not be empty",
    ]


def test_the_command_line_may_know_more_keys() -> None:
    tree = parse("name: a")
    tree.assign(("midtrian",), 1, "--set midtrian")
    assert check_settings(tree, Outer, more_keys=["midtrain"]) is None
    assert str(tree.error("f")) == "--set midtrian: unknown key (did you mean midtrain?)"
