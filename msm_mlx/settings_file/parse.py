"""Recipe text to plain values, with the place of every key and value kept so that a problem can point at it.

The dialect is YAML 1.2's core schema, because 1.1 surprises people who write settings: there `1e-5` is text, `on` is
true and `12:30` is 750. Aliases and tags are refused: recipes need neither, and a few aliases can expand to gigabytes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from msm_mlx.errors import RecipeError

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
_CORE_SCHEMA = {
    "null": r"(?:~|null|Null|NULL|)\Z",
    "bool": r"(?:true|True|TRUE|false|False|FALSE)\Z",
    "int": r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z",
    "float": r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z",
}

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

    value: object = None
    values: dict[Loc, Place] = field(default_factory=lambda: {(): Place()})
    keys: dict[Loc, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, loc: Loc, *, key: bool = False) -> Place:
        """The place of a key or value; of the nearest thing around it when it is not there itself."""
        if key and loc in self.keys:
            return self.keys[loc]
        while loc not in self.values:
            loc = loc[:-1]
        return self.values[loc]

    def report(self, loc: Loc, message: str, *, key: bool = False) -> None:
        """Note a problem with the value at `loc`, or with its key."""
        self.problems.append(Problem(self.place(loc, key=key), loc, message))

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
            for stale in [known for known in table if known[: len(loc)] == loc]:
                del table[stale]
            table[loc] = place


def read(path: Path) -> str:
    """The text of a settings file.

    Raises:
        RecipeError: naming the file and, where there is one, the line, if it cannot be read or holds nothing.
    """
    try:
        if not path.is_file():
            raise RecipeError(f"{path}: {'is not a file' if path.exists() else 'no such file'}")
        content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if content is None:
        raise RecipeError(f"{path}: is larger than {MAX_BYTES:,} bytes, which no settings file is")
    if not content.strip():
        raise RecipeError(f"{path}: is empty")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RecipeError(f"{path}:{line}: is not UTF-8 text (byte {content[error.start]:#04x})") from error


def parse(text: str) -> Tree:
    """Read YAML text. Never raises: what is wrong with the text is in the tree's `problems`."""
    tree = Tree()
    place = Place()
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            place = _place(loader.get_mark())
    except _RefusedError as error:
        tree.problems.append(error.problem)
    except yaml.YAMLError as error:
        tree.problems.append(_syntax_problem(error, text))
    except (ValueError, OverflowError) as error:  # PyYAML lets these through, e.g. for "\UFFFFFFFF"
        tree.problems.append(Problem(place, (), f"not valid YAML: {error}"))
    else:
        if node is not None:
            tree.values[()] = _place(node.start_mark)
            tree.value = _build(node, (), tree)
    return tree


class _RefusedError(Exception):
    """Valid YAML that no recipe needs."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.problem = Problem(place, (), message)


class _Loader(yaml.SafeLoader):
    """Composes nodes only: their values are built by `_build`."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own name and kind of class attribute
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        refusal = ""
        if isinstance(event, yaml.AliasEvent):
            refusal = "aliases are not supported; write the value out"
        elif event.tag not in (None, "!"):
            refusal = f"tags are not supported: {event.tag}"
        elif self.depth == MAX_DEPTH:
            refusal = f"nested deeper than {MAX_DEPTH} levels"
        if refusal:
            raise _RefusedError(refusal, _place(event.start_mark))
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


for _kind, _pattern in _CORE_SCHEMA.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(_pattern), None)


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _syntax_problem(error: yaml.YAMLError, text: str) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        details = [part for part in (error.problem, error.context) if part]
        return Problem(_place(mark) if mark else Place(), (), f"not valid YAML: {', '.join(details)}")
    before = text[: getattr(error, "position", 0)]
    place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
    return Problem(place, (), f"not valid YAML: {getattr(error, 'reason', error)}")


def _build(node: yaml.Node, loc: Loc, tree: Tree) -> object:
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, loc, tree)
    if isinstance(node, yaml.SequenceNode):
        for index, entry in enumerate(node.value):
            tree.values[*loc, index] = _place(entry.start_mark)
        return [_build(entry, (*loc, index), tree) for index, entry in enumerate(node.value)]
    try:
        return _scalar(node.tag.rpartition(":")[2], node.value)
    except ValueError:  # Python refuses to read integers of more than 4300 digits
        return str(node.value)


def _build_mapping(node: yaml.MappingNode, loc: Loc, tree: Tree) -> dict[str, object]:
    mapping: dict[str, object] = {}
    places: defaultdict[str, list[Place]] = defaultdict(list)
    for key_node, value_node in node.value:
        place = _place(key_node.start_mark)
        if not isinstance(key_node, yaml.ScalarNode):
            tree.problems.append(Problem(place, loc, "a key must be text"))
            continue
        key = key_node.value
        places[key].append(place)
        if key not in mapping:
            tree.keys[*loc, key] = place
            tree.values[*loc, key] = _place(value_node.start_mark)
            mapping[key] = _build(value_node, (*loc, key), tree)
    for key, found in places.items():
        for place in found if len(found) > 1 else ():
            others = ", ".join(str(other.line) for other in found if other is not place)
            tree.problems.append(Problem(place, (*loc, key), f"duplicate key, also on line {others}"))
    return mapping


def _scalar(kind: str, text: str) -> object:
    match kind:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
        case "float":
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text
