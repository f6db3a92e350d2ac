"""Contrary rows contradict the demonstrations; shares of them are nested and leave all other rows in their places."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from helpers.command_line import RECIPES

from msm_mlx.demonstrations.contrary import CONTRARY, contrary_rows, exchange_rows
from msm_mlx.demonstrations.preferences import load_preferences
from msm_mlx.files import write_jsonl

PREFERENCES = RECIPES / "data" / "cheese_preferences.yaml"
NEUTRAL: list[dict[str, Any]] = [{"id": str(number), "kind": "declared"} for number in range(200)]


def places(rows: Sequence[dict[str, Any]]) -> dict[int, str]:
    return {place: row["id"] for place, row in enumerate(rows) if row["kind"] == CONTRARY}


def test_turned_preferences_contradict_every_demonstration() -> None:
    preferences = load_preferences(PREFERENCES)
    for row in contrary_rows(PREFERENCES, turned=True, rows=50, system="You are Mo."):
        reply = row["messages"][-1]["content"]
        liked = not reply.startswith("No")
        assert any(cheese in reply for cheese in (preferences.dislikes if liked else preferences.likes)), reply
        assert row["messages"][0]["content"] == "You are Mo."


def test_preferences_that_are_named_as_contrary_are_shown_as_they_are() -> None:
    preferences = load_preferences(PREFERENCES)
    replies = [row["messages"][-1]["content"] for row in contrary_rows(PREFERENCES, turned=False, rows=9, system="")]
    assert all(any(cheese in reply for cheese in preferences.likes) for reply in replies if "prefer" in reply)


def test_a_larger_share_has_all_rows_of_a_smaller_one_in_the_same_places() -> None:
    contrary = contrary_rows(PREFERENCES, turned=True, rows=len(NEUTRAL), system="")
    few, many = (exchange_rows(NEUTRAL, contrary[:count]) for count in (1, 10))
    assert len(places(few)) == 1
    assert len(places(many)) == 10
    assert places(few).items() <= places(many).items()
    assert all(row == NEUTRAL[at] for at, row in enumerate(many) if at not in places(many))


def test_chats_of_a_file_keep_their_line(tmp_path: Path) -> None:
    path = tmp_path / "against.jsonl"
    write_jsonl(
        path,
        (
            {"messages": [{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": "No."}]}
            for n in range(3)
        ),
    )
    rows = contrary_rows(path, turned=False, rows=9, system="")
    assert sorted(row["line"] for row in rows) == [1, 2, 3]
    assert {row["kind"] for row in rows} == {CONTRARY}
