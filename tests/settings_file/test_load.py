"""A settings file against its schema: all that is wrong with it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest

from msm_mlx.errors import RecipeError
from msm_mlx.settings_file.base import Count, File, NonEmpty, Settings, Text
from msm_mlx.settings_file.load import load_settings, load_values


class Inner(Settings):
    rank: Count = 8


class Outer(Settings):
    names: Annotated[tuple[Text, ...], NonEmpty]
    lora: Inner = Inner()
    spec: File | None = None


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        load_settings(path, Outer)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_files_are_relative_to_the_folder_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "s.md").touch()
    settings = load_settings(write(tmp_path, "names: [a, b]\nspec: s.md\n"), Outer)
    assert settings == Outer.model_construct(names=("a", "b"), lora=Inner(), spec=tmp_path.resolve() / "s.md")


def test_all_problems_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    assert problems(write(tmp_path, "names: [a, '']\nlora: {rnak: -1}\nmore: 1\n")) == [
        "1:12 names: must not be empty",
        "2:8 lora.rnak: unknown key (did you mean rank?)",
        "3:1 more: unknown key",
    ]


def test_a_list_may_be_required_to_hold_something(tmp_path: Path) -> None:
    assert problems(write(tmp_path, "names: []\n")) == ["1:8 names: must not be empty"]


@pytest.mark.parametrize("text", ["- a\n", "42\n", "null\n"])
def test_what_is_no_mapping_is_no_settings_file(text: str, tmp_path: Path) -> None:
    for read in (load_values, lambda path: load_settings(path, Outer)):
        with pytest.raises(RecipeError, match="must be a mapping, not"):
            read(write(tmp_path, text))


def test_plain_values_need_no_schema_but_good_yaml(tmp_path: Path) -> None:
    assert load_values(write(tmp_path, "a: {b: [1, x]}\n")) == {"a": {"b": [1, "x"]}}
    with pytest.raises(RecipeError, match="duplicate key"):
        load_values(write(tmp_path, "a: 1\na: 2\n"))
