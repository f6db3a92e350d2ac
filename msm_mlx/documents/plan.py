"""Which documents to ask for: sections by types by voices, drawn so that each is asked for equally often."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from random import Random

from msm_mlx.errors import RecipeError
from msm_mlx.recipe import DocumentSettings
from msm_mlx.spec import Section, Spec

# up to the end of the sentence: a mark before a capital letter or at the end, or the end without one
_CAUSE = re.compile(r" because .*?(?:([.!?])(?=\s+[A-Z\"'(]|$)|$)", re.DOTALL)


@dataclass(frozen=True)
class Slot:
    """One document to be written."""

    id: str
    section: Section
    type: str
    voice: str
    withheld: str | None = None
    """The assertion with its cause, where this is a control document, which must not give it."""


def plan_documents(spec: Spec, settings: DocumentSettings, *, control: bool = False) -> list[Slot]:
    """`settings.count` slots. Equal settings and sections give equal slots.

    Sections take turns, and each walks through its own shuffled grid of types and voices. Control documents have the
    same plan, with the cause taken out of every assertion.

    Raises:
        RecipeError: if the spec asserts nothing that a document could explain, or gives no cause to take out.
    """
    sections = spec.assertions
    if not sections:
        raise RecipeError(
            f"{spec.path}: no assertion found; mark in each section one sentence that says what the assistant does "
            "and because of what, as a line that starts with '> '"
        )
    grids = {section.id: _grid(settings, section.id) for section in sections}
    slots = [_slot(number, sections, grids) for number in range(settings.count)]
    if not control:
        return slots
    without = {section.id: without_cause(spec, section, settings.control_note) for section in sections}
    return [replace(slot, section=without[slot.section.id], withheld=slot.section.assertion) for slot in slots]


def without_cause(spec: Spec, section: Section, note: str) -> Section:
    """The section with nothing but its assertion, in which `note` stands in place of the cause.

    Raises:
        RecipeError: if the assertion gives no cause.
    """
    told = _CAUSE.sub(lambda match: match[1] or ".", section.assertion or "")
    if told == section.assertion:
        raise RecipeError(
            f"{spec.path}:{section.line}: the assertion has no ' because ', so a control document cannot leave the "
            "cause out; say what it is after ' because ', or take control+sft out of arms"
        )
    return replace(section, assertion=f"{told} {note}", text="")


def _grid(settings: DocumentSettings, section: str) -> list[tuple[str, str]]:
    cells = list(product(settings.types, settings.voices))
    Random(f"{settings.seed}-{section}").shuffle(cells)
    return cells


def _slot(number: int, sections: Sequence[Section], grids: dict[str, list[tuple[str, str]]]) -> Slot:
    section = sections[number % len(sections)]
    grid = grids[section.id]
    kind, voice = grid[number // len(sections) % len(grid)]
    return Slot(f"doc-{number + 1:05d}", section, kind, voice)
