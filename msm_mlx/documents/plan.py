"""Which documents to ask for: sections by types by voices, drawn so that each is asked for equally often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from msm_mlx.errors import RecipeError
from msm_mlx.recipe import DocumentSettings
from msm_mlx.spec import Section, Spec


@dataclass(frozen=True)
class Slot:
    """One document to be written."""

    id: str
    section: Section
    type: str
    voice: str


def plan_documents(spec: Spec, settings: DocumentSettings) -> list[Slot]:
    """`settings.count` slots. Equal settings and sections give equal slots.

    Sections take turns, and each walks through its own shuffled grid of types and voices.

    Raises:
        RecipeError: if the spec asserts nothing that a document could explain.
    """
    sections = spec.assertions
    if not sections:
        raise RecipeError(
            f"{spec.path}: no assertion found; mark in each section one sentence that says what the assistant does "
            "and because of what, as a line that starts with '> '"
        )
    grids = {section.id: _grid(settings, section.id) for section in sections}
    return [_slot(number, sections, grids) for number in range(settings.count)]


def _grid(settings: DocumentSettings, section: str) -> list[tuple[str, str]]:
    cells = list(product(settings.types, settings.voices))
    Random(f"{settings.seed}-{section}").shuffle(cells)
    return cells


def _slot(number: int, sections: Sequence[Section], grids: dict[str, list[tuple[str, str]]]) -> Slot:
    section = sections[number % len(sections)]
    grid = grids[section.id]
    kind, voice = grid[number // len(sections) % len(grid)]
    return Slot(f"doc-{number + 1:05d}", section, kind, voice)
