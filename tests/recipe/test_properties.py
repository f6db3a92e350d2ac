"""Whatever is wrong with a recipe is found, and nothing but a RecipeError comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.recipe_files import RECIPE, write
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from msm_mlx.errors import RecipeError
from msm_mlx.recipe.load import load_recipe
from msm_mlx.settings_file.dump import dump

quick = settings(max_examples=60)


def _paths(node: object, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*prefix, key)
            yield from _paths(value, (*prefix, key))


def _changed(loc: tuple[str, ...], change: Callable[[dict[str, Any], str], None]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(RECIPE))  # shares nothing, so that no alias is written
    node = content
    for part in loc[:-1]:
        node = node[part]
    change(node, loc[-1])
    return content


PATHS = st.sampled_from(sorted(_paths(RECIPE)))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers() | st.text())


def _complaint(path: Path, **options: Any) -> str:
    """What is wrong with a recipe; nothing if it loads."""
    try:
        assert json.dumps(load_recipe(path, **options).resolved(), allow_nan=False)
    except RecipeError as error:
        return str(error)
    return ""


@quick
@given(PATHS, st.data())
@pytest.mark.slow
def test_misspelt_keys_are_always_found(folder: Path, loc: tuple[str, ...], data: st.DataObject) -> None:
    key = loc[-1]
    position = data.draw(st.integers(0, len(key)))
    typo = key[:position] + data.draw(st.sampled_from("qxz")) + key[position + data.draw(st.integers(0, 1)) :]
    assume(typo != key)
    content = _changed(loc, lambda node, key: node.update({typo: node.pop(key)}))
    path = write(folder, dump(content))
    lines = path.read_text().splitlines()
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    dotted = ".".join((*loc[:-1], typo))
    (line,) = [line for line in str(caught.value).splitlines() if f" {dotted}: unknown key" in line]
    number, column = map(int, line.split(" ")[0].removeprefix(f"{path}:").split(":"))
    assert lines[number - 1][column - 1 :].startswith(f"{typo}:")


@quick
@given(PATHS, SCALARS)
@pytest.mark.slow
def test_garbage_values_raise_nothing_else(folder: Path, loc: tuple[str, ...], value: object) -> None:
    content = _changed(loc, lambda node, key: node.update({key: value}))
    path = write(folder, dump(content))
    assert all(line.startswith(f"{path}:") for line in _complaint(path).splitlines())


@quick
@given(
    st.lists(st.text() | st.builds("{}={}".format, PATHS.map(lambda loc: ".".join(loc[-2:])), st.text()), min_size=1)
)
def test_garbage_overrides_raise_nothing_else(folder: Path, overrides: list[str]) -> None:
    path = write(folder, RECIPE)
    assert all(line.isprintable() for line in _complaint(path, overrides=overrides).split("\n"))
