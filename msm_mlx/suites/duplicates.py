"""Items that a suite file has twice: they would count twice, and make its intervals too narrow."""

from __future__ import annotations

import json
from collections.abc import Iterator

from msm_mlx.settings_file.tree import Loc, Tree

_ASKED = ("prompt", "turns", "spec", "condition", "acts", "values")  # what makes an item another one


def report_duplicates(tree: Tree) -> None:
    """Note in the tree each pair and each item that stands in it a second time, with the line of the first."""
    first: dict[str, Loc] = {}
    for loc, asked in _items(tree.value, ()):
        before = first.setdefault(asked, loc)
        if before != loc:
            tree.report(loc, f"asks the same as line {tree.place(before).line}; take one of them out")


def _items(value: object, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """The entries of the lists `pairs` and `items`, and what each asks."""
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key in ("pairs", "items", "format_control") and isinstance(inner, list):
            place = loc[:-1] if key == "pairs" else loc  # pairs of two domains are told apart by their nouns
            for index, entry in enumerate(inner):
                yield (*loc, key, index), _asked(entry, json.dumps([*place, value.get("noun")], default=str))
        else:
            yield from _items(inner, (*loc, key))


def _asked(entry: object, where: str) -> str:
    """What an entry asks, whatever the letters, the spaces, and the order of two things."""
    if isinstance(entry, dict) and "prompt" in entry:
        entry = {key: entry[key] for key in _ASKED if key in entry}
    elif isinstance(entry, list):
        entry = sorted(" ".join(str(part).split()) for part in entry)
    return " ".join(f"{where}{json.dumps(entry, default=str, ensure_ascii=False, sort_keys=True)}".casefold().split())
