"""Which settings are in the key of a stage."""

from __future__ import annotations

from typing import Annotated

from msm_mlx.settings_file.base import InKey, Settings, key_of


class Inner(Settings):
    size: int = 1
    speed: Annotated[int, InKey()] = 1


class Outer(Settings):
    count: int
    voices: Annotated[tuple[str, ...], InKey("plan")] = ("plain",)
    batch_size: Annotated[int, InKey()] = 8
    both: Annotated[str, InKey("plan", "write")] = "a"
    inner: Inner = Inner(size=3)
    other: Inner | None = None


def test_an_unmarked_setting_is_in_every_key_and_defaults_are_in_none() -> None:
    assert key_of(Outer(count=2), "plan") == key_of(Outer(count=2), "anything") == {"count": 2}


def test_a_marked_setting_is_in_the_keys_of_its_stages_alone() -> None:
    changed = Outer(count=2, voices=("warm",), batch_size=1, both="b")
    assert key_of(changed, "plan") == {"count": 2, "voices": ["warm"], "both": "b"}
    assert key_of(changed, "write") == {"count": 2, "both": "b"}
    assert key_of(changed, "train") == {"count": 2}


def test_nested_settings_are_told_apart_by_what_decides_in_them() -> None:
    start = {"count": 2}
    assert key_of(Outer(count=2, inner=Inner(size=3, speed=9)), "plan") == start
    assert key_of(Outer(count=2, inner=Inner(size=1)), "plan") == start | {"inner": {}}
    assert key_of(Outer(count=2, inner=Inner(size=2)), "plan") == start | {"inner": {"size": 2}}
    assert key_of(Outer(count=2, other=Inner(speed=9)), "plan") == start | {"other": {}}
