"""Plain values of a settings file, with the place of every key and value, so that a problem can point at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msm_mlx.errors import RecipeError

Loc = tuple[str | int, ...]


class Place(NamedTuple):
    """Where a value comes from: a line and column of the file, or an option of the command line."""

    line: int = 1
    column: int = 1
    option: str = ""
    depth: int = 0
    """How much of a key `option` already says."""


class Problem(NamedTuple):
    """One thing that is wrong with a recipe."""

    place: Place
    loc: Loc
    message: str

    def line(self, file: object) -> str:
        """One line for a person: `file:line:col key: message`, or `--option: message`."""
        key = ".".join(part for part in self.loc[self.place.depth :] if isinstance(part, str))
        where = self.place.option or f"{file}:{self.place.line}:{self.place.column}"
        separator = ": " if self.place.option or not key else " "
        line = f"{where}{separator}{key}{': ' if key else ''}{self.message}"
        # Keys and values can hold escapes that would drive the terminal.
        return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


@dataclass
class Tree:
    """Plain values, where they stand, and what is wrong with them so far."""

    value: Any = None
    values: dict[Loc, Place] = field(default_factory=lambda: {(): Place()})
    keys: dict[Loc, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, loc: Loc, *, key: bool = False) -> Place:
        """The place of a key or value; of the nearest thing around it when it is not there itself."""
        if key and loc in self.keys:
            return self.keys[loc]
        while loc not in self.values:
            loc = loc[:-1]
        place = self.values[loc]
        # an option that made the mapping for the sake of another key says nothing of this one
        return place._replace(depth=0) if place.depth > len(loc) else place

    def report(self, loc: Loc, message: str, *, key: bool = False) -> None:
        """Note a problem with the value at `loc`, or with its key."""
        self.problems.append(Problem(self.place(loc, key=key), loc, message))

    def error(self, file: object) -> RecipeError:
        """All problems, one a line: those of the file in its order, then those of the command line."""
        by_place = sorted(self.problems, key=lambda problem: (problem.place.option != "", problem.place[:2]))
        return RecipeError("\n".join(dict.fromkeys(problem.line(file) for problem in by_place)))

    def assign(self, loc: Loc, value: object, option: str) -> None:
        """Put `value` at `loc`, making the mappings on the way; from now on problems there point at `option`."""
        place = Place(option=option, depth=len(loc))
        node = self.value
        for depth, part in enumerate(loc):
            if not isinstance(node, dict):
                around = ".".join(map(str, loc[:depth]))
                self.problems.append(Problem(place, loc, f"{around} is not a mapping, so it has no keys to set"))
                return
            if depth == len(loc) - 1:
                node[part] = value
                self._came_from(loc, place)
            elif part not in node:
                node[part] = {}
                self._came_from(loc[: depth + 1], place)
            node = node[part]

    def _came_from(self, loc: Loc, place: Place) -> None:
        for table in (self.values, self.keys):
            for stale in [inner for inner in table if inner[: len(loc)] == loc]:
                del table[stale]
            table[loc] = place
