"""Adapters are fetched from the hub with their own files alone, and found again without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.fake_hub import FIRST, Hub
from helpers.ready_adapters import write_mlx

from msm_mlx.engine.adapter_layouts import describe_adapter
from msm_mlx.engine.adapter_source import cached_adapter, fetch_adapter, pinned_adapter
from msm_mlx.errors import RecipeError, SetupError


def test_a_folder_is_where_it_is(tmp_path: Path) -> None:
    source = str(tmp_path)
    assert fetch_adapter(source) == cached_adapter(source) == tmp_path
    assert pinned_adapter(source) == source


@pytest.mark.parametrize("inner", ["", "adapters/best"])
def test_an_adapter_of_the_hub_is_fetched_and_pinned(inner: str, client: Path, server: Hub, tmp_path: Path) -> None:
    folder = write_mlx(tmp_path / "a")
    place = f"{inner}/" if inner else ""
    server.files |= {f"{place}{path.name}": path.read_bytes() for path in folder.iterdir()}
    source = f"hub:o/m@main{f':{inner}' if inner else ''}"
    assert cached_adapter(source) is None
    assert pinned_adapter(source) == source
    fetched = fetch_adapter(source)
    assert describe_adapter(fetched).version() == describe_adapter(folder).version()
    assert sorted(path.name for path in fetched.iterdir()) == sorted(path.name for path in folder.iterdir())
    server.failures["/"] = (503, "")
    assert fetch_adapter(source) == cached_adapter(source) == fetched
    assert pinned_adapter(source) == source.replace("main", FIRST)


def test_a_repository_without_one_is_told(client: Path, server: Hub) -> None:
    with pytest.raises(RecipeError, match=r"^hub:o/m: holds no adapter_config\.json; name the folder that has it"):
        fetch_adapter("hub:o/m")


def test_one_that_cannot_be_had_is_told(client: Path, server: Hub) -> None:
    with pytest.raises(SetupError, match=r"^hub:no/one: neither in the cache nor within reach \(.*; check the name"):
        fetch_adapter("hub:no/one")
