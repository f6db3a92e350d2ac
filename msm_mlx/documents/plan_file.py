"""`plan.jsonl`: the plan as a file, which may be edited by hand and grows when more documents are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msm_mlx.documents.narration import REQUESTS
from msm_mlx.documents.plan import Slot, withhold_causes
from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl, write_jsonl
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import Section, Spec
from msm_mlx.text.wording import describe, did_you_mean

REQUIRED = ("id", "section", "type", "voice")
OPTIONAL = ("author", "audience", "length", "narration", "person", "idea")
_NUMBER = re.compile(r"doc-(\d+)")


def write_plan(path: Path, slots: Sequence[Slot], edited: Sequence[Mapping[str, Any]] = ()) -> None:
    """Write the slots. Every row of an `edited` plan stays as it is; what goes beyond its last document is added."""
    last = max((_number(row["id"]) for row in edited), default=0)
    count = max((_number(slot.id) for slot in slots), default=0)
    earlier = [row for row in edited if _number(row["id"]) <= count]
    write_jsonl(path, [*earlier, *(_row(slot) for slot in slots if _number(slot.id) > last)])


def read_rows(path: Path, spec: Spec) -> list[dict[str, Any]]:
    """The rows of a plan, checked.

    Raises:
        RecipeError: with one line for every problem, each as `file:line: what is wrong`.
    """
    rows = read_jsonl(path)
    sections = {section.id for section in spec.assertions}
    problems: list[str] = []
    seen: dict[str, int] = {}
    for line, row in enumerate(rows, start=1):
        of_row = list(_problems(row, sections))
        if not of_row and row["id"] in seen:
            of_row = [f"id {row['id']} is on line {seen[row['id']]} already; give each document its own"]
        problems += [f"{path}:{line}: {problem}" for problem in of_row]
        seen.setdefault(str(row.get("id")), line)
    if problems:
        raise RecipeError("\n".join(problems))
    return rows


def read_plan(path: Path, spec: Spec, settings: DocumentSettings, *, control: bool = False) -> list[Slot]:
    """The slots of a plan. Control documents have those of the documents that they control for.

    Raises:
        RecipeError: if the plan cannot be used, or a cause cannot be taken out.
    """
    sections: dict[str, Section] = {section.id: section for section in spec.assertions}
    slots = [
        Slot(
            row["id"],
            sections[row["section"]],
            row["type"],
            row["voice"],
            **{key: row[key] for key in OPTIONAL if key in row},
        )
        for row in read_rows(path, spec)
    ]
    return withhold_causes(spec, settings, slots) if control else slots


def _row(slot: Slot) -> dict[str, str]:
    row = {"id": slot.id, "section": slot.section.id, "type": slot.type, "voice": slot.voice}
    return row | {key: value for key in OPTIONAL if (value := getattr(slot, key))}


def _number(name: str) -> int:
    """The number of a planned document; 0 for one that was added by hand under another id."""
    match = _NUMBER.fullmatch(name)
    return int(match[1]) if match else 0


def _problems(row: Mapping[str, Any], sections: set[str]) -> Iterator[str]:
    keys = (*REQUIRED, *OPTIONAL)
    for key in row.keys() - set(keys):
        yield f"unknown key {describe(key)}{did_you_mean(key, keys)}"
    for key in keys:
        value = row.get(key)
        if key in REQUIRED and key not in row:
            yield f"{key} is missing"
        elif key in row and not (isinstance(value, str) and value.strip()):
            yield f"{key} must be text, not {describe(value)}"
    narration = row.get("narration")
    if isinstance(narration, str) and narration.strip() and narration not in REQUESTS:
        yield f"narration must be one of {', '.join(REQUESTS)}, not {describe(narration)}"
    section = row.get("section")
    if isinstance(section, str) and section.strip() and section not in sections:
        yield f"no section asserts something under the id {section!r}{did_you_mean(section, sections)}"
