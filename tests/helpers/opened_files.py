"""Counts how often files are opened, by whatever opens them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_watched: list[tuple[Path, Counter[str]]] = []  # the folders that are watched now


def _count(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _watched and isinstance(arguments[0], str):
        folder, opened = _watched[-1]
        path = Path(arguments[0])
        if path.is_relative_to(folder):
            opened[path.relative_to(folder).as_posix()] += 1


sys.addaudithook(_count)  # for as long as the process lives; it counts nothing while no folder is watched


@contextmanager
def opened_files(folder: Path) -> Iterator[Counter[str]]:
    """How often each file below `folder` is opened."""
    opened: Counter[str] = Counter()
    _watched.append((folder, opened))
    try:
        yield opened
    finally:
        _watched.pop()
