"""Which documents to ask for: sections by types by voices, drawn so that each is asked for equally often.

The grid is registered before anything is written: what it covers follows from the settings alone. Writers that are told
more than an assertion are also told who writes, for whom, how long, and what a person in the text is called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from random import Random

from msm_mlx.documents.person_names import FIRST_NAMES, LAST_NAMES
from msm_mlx.errors import RecipeError
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import Section, Spec, clauses

PlanCell = tuple[str, str]
"""The ids of a section and a type, which a document is asked for."""
Ideas = Mapping[PlanCell, Sequence[str]]
"""What the writer proposed for each cell."""


@dataclass(frozen=True)
class Slot:
    """One document to be written."""

    id: str
    section: Section
    type: str
    voice: str
    withheld: str | None = None
    """The assertion with its cause, where this is a control document, which must not give it."""
    author: str = ""
    audience: str = ""
    length: str = ""
    narration: str = ""
    """Who tells it; left to the writer where it is empty."""
    person: str = ""
    """What somebody in the text may be called: left to themselves, writers use a few names over and over."""
    idea: str = ""


def plan_documents(
    spec: Spec, settings: DocumentSettings, *, control: bool = False, ideas: Ideas | None = None
) -> list[Slot]:
    """`settings.count` slots. Equal settings, sections and ideas give equal slots, and more begin with the fewer.

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
    if not settings.assertion_only:
        slots = _with_forms(slots, settings)
    slots = _with_ideas(slots, settings.ideas, ideas or {})
    return withhold_causes(spec, settings, slots) if control else slots


def withhold_causes(spec: Spec, settings: DocumentSettings, slots: Sequence[Slot]) -> list[Slot]:
    """The plan of the control documents; ideas were made from the causes, so they are left out.

    Raises:
        RecipeError: if an assertion gives no cause.
    """
    sections = {slot.section.id: slot.section for slot in slots}
    without = {name: without_cause(spec, section, settings) for name, section in sections.items()}
    return [replace(slot, section=without[slot.section.id], withheld=slot.section.assertion, idea="") for slot in slots]


def without_cause(spec: Spec, section: Section, settings: DocumentSettings) -> Section:
    """The section with nothing but its assertion, in which the settings' note stands in place of the cause.

    Raises:
        RecipeError: if the assertion gives no cause.
    """
    assertion = section.assertion or ""
    action = clauses.without_cause(assertion, settings.cause_words)
    if action is None:
        has_cause = bool(clauses.action_and_cause(assertion, settings.cause_words)[1])
        problem = "does not begin or end with its cause" if has_cause else "gives no cause that is known as one"
        raise RecipeError(
            f"{spec.path}:{section.line}: the assertion {problem}, so a control document cannot leave it out; write "
            "it as '... because ...', in words of your language, or take `control` out of the arms"
        )
    return replace(section, assertion=f"{action} {settings.control_note}", text="")


def _grid(settings: DocumentSettings, section: str) -> list[tuple[str, str]]:
    cells = list(product(settings.types, settings.voices))
    Random(f"{settings.seed}-{section}").shuffle(cells)
    return cells


def _slot(number: int, sections: Sequence[Section], grids: dict[str, list[tuple[str, str]]]) -> Slot:
    section = sections[number % len(sections)]
    grid = grids[section.id]
    kind, voice = grid[number // len(sections) % len(grid)]
    return Slot(f"doc-{number + 1:05d}", section, kind, voice)


def _with_forms(slots: Sequence[Slot], settings: DocumentSettings) -> list[Slot]:
    """The slots with author, audience, length and narration, each balanced within a section, and a person's name."""
    visits: Counter[str] = Counter()
    with_forms = []
    for number, slot in enumerate(slots):
        visit, key = visits[slot.section.id], f"{settings.seed}-{slot.section.id}"
        visits[slot.section.id] += 1
        narration = _turn(settings.narrations, visit, f"{key}-narrations")
        author = _turn(settings.authors, visit, f"{key}-authors")
        with_forms.append(
            replace(
                slot,
                author="" if narration == "first person" else author,  # which the assistant itself is then
                audience=_turn(settings.audiences, visit, f"{key}-audiences"),
                length=_turn(settings.lengths, visit, f"{key}-lengths"),
                narration=narration,
                person=f"{_turn(FIRST_NAMES, number, f'{settings.seed}-first')} "
                f"{_turn(LAST_NAMES, number, f'{settings.seed}-last')}",
            )
        )
    return with_forms


def _turn(values: Sequence[str], visit: int, key: object) -> str:
    """The value of a visit: all take their turn before one comes again, in an order that is new each time round."""
    if not values:
        return ""
    round_number, position = divmod(visit, len(values))
    order = list(values)
    Random(f"{key}-{len(values)}-{round_number}").shuffle(order)
    return order[position]


def _with_ideas(slots: Sequence[Slot], most: int, ideas: Ideas) -> list[Slot]:
    """The slots with their ideas. Where a cell has too few, the last slots go without: none gets that of another."""
    visits: Counter[PlanCell] = Counter()
    with_ideas = []
    for slot in slots:
        cell = slot.section.id, slot.type
        ideas_of_cell = ideas.get(cell, ())
        position = visits[cell] % most if most else 0
        visits[cell] += 1
        with_ideas.append(replace(slot, idea=ideas_of_cell[position] if position < len(ideas_of_cell) else ""))
    return with_ideas
