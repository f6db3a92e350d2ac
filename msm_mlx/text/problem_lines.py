"""Problems of files, one a line, drawn together: each kind once, with how often it occurs and where first."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

FIRST_LINES = 5  # line numbers that are named of a kind of problem
WORDINGS = 5  # of a kind, each with other values in it, that are told one by one
KINDS = 20  # of a file that are told
_LINE = re.compile(r"(?P<file>[^\n]+?):(?P<number>\d+)(?::\d+)?(?P<message>(?: [^\s:]+)?: .+)")
_PROTECTED = re.compile(r"(?<!\w)'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|\([^()]*\)")
_VALUE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d+(?:[.,]\d+)*")


def group_problems(lines: Iterable[str]) -> list[str]:
    """`lines` with those of one kind as one, which stands where the first was.

    `a.jsonl:1: is not a chat` and 4,999 more like it become `a.jsonl:1: is not a chat (5,000 lines: 1, 2, 3, 4, 5,
    ...)`. Of one kind are lines of one file that say the same; those that differ only in numbers and quoted values are
    too, if there are more than `WORDINGS` of them. A file with more than `KINDS` kinds has the others counted. Lines
    without a file and line stay as they are.
    """
    places = [(line, _LINE.fullmatch(line)) for line in lines]
    messages = {(match["file"], match["message"]) for _, match in places if match}
    wordings = Counter((file, _shape(message)) for file, message in messages)
    numbers: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    first: dict[tuple[str, str], str] = {}
    for at, (line, match) in enumerate(places):
        file, message = (match["file"], match["message"]) if match else ("", str(at))
        kind = (file, _shape(message) if wordings[file, _shape(message)] > WORDINGS else message)
        first.setdefault(kind, line)
        if match and match["number"] not in numbers[kind][-1:]:
            numbers[kind].append(match["number"])
    return _told({kind: _line(first[kind], numbers[kind]) for kind in first})


def _shape(message: str) -> str:
    """The message without the values that it names."""
    return _VALUE.sub("_", message)


def split_remedy(line: str) -> tuple[str, str]:
    """What is wrong and where, and what to do about it: the two parts of `PLACE: WHAT; REMEDY`. Either may be empty.

    Semicolons within quotation marks, backticks and brackets are no boundary.
    """
    masked, before = line, ""
    while masked != before:  # brackets within brackets
        masked, before = _PROTECTED.sub(lambda match: "_" * len(match[0]), masked), masked
    what, boundary, _ = masked.rpartition("; ")
    return (line[: len(what)], line[len(what + boundary) :]) if boundary else (line, "")


def _line(first: str, numbers: list[str]) -> str:
    if len(numbers) < 2:
        return first
    what, remedy = split_remedy(first)
    more = ", ..." if len(numbers) > FIRST_LINES else ""
    counted = f"{what} ({len(numbers):,} lines: {', '.join(numbers[:FIRST_LINES])}{more})"
    return f"{counted}; {remedy}" if remedy else counted


def _told(line_of: dict[tuple[str, str], str]) -> list[str]:
    """The lines, without those of a file that has more kinds than anybody reads, which are counted at the end."""
    lines: list[str] = []
    kinds: Counter[str] = Counter()
    for (file, _), line in line_of.items():
        kinds[file] += 1
        if not file or kinds[file] <= KINDS:
            lines.append(line)
    return lines + [
        f"{file}: and {count - KINDS:,} more kinds of problem"
        for file, count in kinds.items()
        if file and count > KINDS
    ]
