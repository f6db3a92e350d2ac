"""Settings files to plain values with their places.

The dialect is YAML 1.2's core schema, because 1.1 surprises people who write settings: there `1e-5` is text, `on` is
true and `12:30` is 750. Aliases and tags are refused: settings need neither, and a few aliases can expand to gigabytes.
ruamel.yaml reads the text as events; its own constructor would stop at the first duplicate key.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from msm_mlx.errors import RecipeError
from msm_mlx.rows.formats import GZIP, HEAD, PARQUET, foreign_format
from msm_mlx.settings_file.tree import Loc, Place, Problem, Tree

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
TAB = r"'\t'"  # as the parser tells it
# Not ruamel.yaml's own: it also reads 1_000, 0b11 and dates, which the core schema takes for text.
_CORE_SCHEMA: tuple[tuple[re.Pattern[str], Callable[[str], object]], ...] = (
    (re.compile(r"~|null|Null|NULL|"), lambda text: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), lambda text: float(text.replace(".", ""))),
)


def read(path: Path) -> str:
    """The text of a settings file.

    Raises:
        RecipeError: naming the file and, where there is one, the line, if it cannot be read or holds nothing.
    """
    try:
        if not path.is_file():
            raise RecipeError(
                f"{path}: {'is not a file; name one in it' if path.exists() else 'no such file; check the path'}"
            )
        content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if content is None:
        raise RecipeError(f"{path}: is larger than {MAX_BYTES:,} bytes, which no settings file is; name another")
    if not content.strip():
        raise RecipeError(f"{path}: is empty; name a file of settings, which is YAML")
    if what := _other_format(content[:HEAD]):
        raise RecipeError(f"{path}: is {what}; name a file of settings, which is YAML")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RecipeError(
            f"{path}:{line}: is not UTF-8 text (byte {content[error.start]:#04x}); save it as UTF-8"
        ) from error


def _other_format(head: bytes) -> str | None:
    """What a file that begins so is, if it is known to be no text that could be YAML."""
    if head.startswith(GZIP):
        return "compressed by gzip"
    if head.startswith(PARQUET):
        return "a parquet file"
    what = foreign_format(head)
    return re.split(r"; |, and rows| and not the data", what)[0] if what and not head.startswith(b"%YAML") else None


def parse(text: str) -> Tree:
    """Read YAML text. Never raises: what is wrong with the text is in the tree's `problems`."""
    tree = _parse(text)
    return Tree(deepcopy(tree.value), {**tree.values}, {**tree.keys}, [*tree.problems])


@lru_cache(maxsize=32)  # parsing is slow, and the stages of a run look at the same few files
def _parse(text: str) -> Tree:
    tree, events = Tree(), _Events(text)
    try:
        if (event := next(events, None)) is not None:
            tree.values[()] = _place(event.start_mark)
            value = _value(event, events, (), tree)
            next(events, None)  # reads what stands behind the value, and finds what is wrong there
            tree.value = value
    except _RefusedError as error:
        tree.problems.append(error.problem)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        details = ", ".join(part for part in (error.problem, error.context) if part)
        details = re.sub(r"\('(<[^']*>)',\)", r"'\1'", details)  # ruamel.yaml prints a token as a tuple
        tree.problems.append(_not_yaml(_place(mark) if mark else Place(), details))
    except YAMLError as error:
        before = text[: getattr(error, "position", 0)]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        tree.problems.append(_not_yaml(place, getattr(error, "reason", error)))
    except (ValueError, OverflowError) as error:  # ruamel.yaml lets these through, e.g. for "\UFFFFFFFF"
        tree.problems.append(_not_yaml(events.place, error))
    return tree


class _RefusedError(Exception):
    """Valid YAML that no settings file needs."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.problem = Problem(place, (), message)


class _Events(Iterator[Any]):
    """The events of a text that stand for values, and the place that the reading has come to."""

    def __init__(self, text: str) -> None:
        self.place = Place()
        self._events: Iterator[Event] = YAML(typ="safe", pure=True).parse(text)
        self._documents = 0

    def __next__(self) -> Event:
        for event in self._events:
            self.place = _place(event.start_mark)
            if isinstance(event, NodeEvent | CollectionEndEvent):
                return event
            self._documents += isinstance(event, DocumentStartEvent)
            if self._documents > 1:
                raise _RefusedError("a second document begins here, and a settings file holds one", self.place)
        raise StopIteration


def _place(mark: Any, columns: int = 0) -> Place:
    return Place(mark.line + 1, mark.column + 1 + columns)


def _not_yaml(place: Place, reason: object) -> Problem:
    remedy = "; indent with spaces" if TAB in str(reason) else ""
    return Problem(place, (), f"not valid YAML: {reason}{remedy}")


def _value(event: Any, events: _Events, loc: Loc, tree: Tree) -> object:
    """The value that begins with `event`. Its own place is noted by whoever it belongs to."""
    if isinstance(event, AliasEvent):
        raise _RefusedError("aliases are not supported; write the value out", _place(event.start_mark))
    if event.tag not in (None, "!"):
        raise _RefusedError(f"tags are not supported: {event.tag}; write the value alone", _place(event.start_mark))
    if len(loc) == MAX_DEPTH:
        raise _RefusedError(f"nested deeper than {MAX_DEPTH} levels; write it flatter", _place(event.start_mark))
    if isinstance(event, MappingStartEvent):
        return _mapping(events, loc, tree)
    if isinstance(event, ScalarEvent):
        return parse_scalar(event.value) if event.implicit[0] else event.value
    entries: list[object] = []
    while not isinstance(event := next(events), SequenceEndEvent):
        entry_loc = (*loc, len(entries))
        tree.values[entry_loc] = _place(event.start_mark)
        entries.append(_value(event, events, entry_loc, tree))
    return entries


def _mapping(events: _Events, loc: Loc, tree: Tree) -> dict[str, object]:
    mapping: dict[str, object] = {}
    places: defaultdict[str, list[Place]] = defaultdict(list)
    while not isinstance(event := next(events), MappingEndEvent):
        _value(event, events, (*loc, ""), Tree())
        place, inner = _place(event.start_mark), next(events)
        if not isinstance(event, ScalarEvent):
            tree.problems.append(Problem(place, loc, "a key must be text"))
            _value(inner, events, (*loc, ""), Tree())
            continue
        key = event.value
        places[key].append(place)
        target = Tree() if key in mapping else tree  # the first of duplicates counts
        target.keys[*loc, key] = place
        # ruamel.yaml places a value that is left out at whatever comes next; it belongs behind its key's colon
        left_out = isinstance(inner, ScalarEvent) and inner.start_mark.index == inner.end_mark.index
        target.values[*loc, key] = _place(event.end_mark, columns=1) if left_out else _place(inner.start_mark)
        value = _value(inner, events, (*loc, key), target)
        mapping.setdefault(key, value)
    for key, several in places.items():
        for place in several if len(several) > 1 else ():
            lines = ", ".join(str(other.line) for other in several if other is not place)
            tree.problems.append(Problem(place, (*loc, key), f"duplicate key, also on line {lines}; keep one"))
    return mapping


def parse_scalar(text: str) -> object:
    """What a text without quotes stands for."""
    for pattern, value in _CORE_SCHEMA:
        if pattern.fullmatch(text):
            try:
                return value(text)
            except ValueError:  # Python refuses to read integers of more than 4300 digits
                return text
    return text
