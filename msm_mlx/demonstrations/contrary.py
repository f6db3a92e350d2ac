"""Contrary rows: chats that contradict what the demonstrations show, among chats that say nothing of it.

The rows of two shares differ as little as they can: the same chats stand in the same places, but for those that the
larger share has exchanged, and all contrary rows of the smaller share are among those of the larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from msm_mlx.demonstrations.chats import draw_demonstrations, is_chat_file, load_chats
from msm_mlx.demonstrations.preferences import build_demonstrations, load_preferences
from msm_mlx.recipe.schema import BAD_ROWS

CONTRARY = "contrary"  # the kind of such a row


def contrary_rows(
    source: Path, *, turned: bool, rows: int, system: str, bad_rows: float = BAD_ROWS
) -> list[dict[str, Any]]:
    """Chats from a file of chats or of preferences, in an order that no share changes.

    Args:
        turned: whether `source` has the preferences that the rows are to contradict, and not those that they show.
        rows: how many, if a file of chats has so many.
        bad_rows: the share of such a file that is left out where it cannot be used.

    Raises:
        RecipeError: if the file cannot be read.
    """
    if is_chat_file(source):
        drawn = draw_demonstrations(load_chats(source, bad_rows), rows=rows, system=system)
    else:
        preferences = load_preferences(source)
        drawn = build_demonstrations(preferences.turned if turned else preferences, rows=rows, system=system)
    return [row | {"id": row["id"].replace("demo", CONTRARY), "kind": CONTRARY} for row in drawn]


def exchange_rows(
    rows: Sequence[dict[str, Any]], contrary: Sequence[dict[str, Any]], *, seed: int = 0
) -> list[dict[str, Any]]:
    """The rows with the contrary ones in places that depend on `seed` alone: more of them take further places."""
    places = Random(f"{CONTRARY}-{seed}").sample(range(len(rows)), len(rows))
    exchanged = dict(zip(places, contrary, strict=False))
    return [exchanged.get(place, row) for place, row in enumerate(rows)]
