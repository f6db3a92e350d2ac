"""A spec with the valence turned: the words of a table exchanged in all that a writer sees of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from msm_mlx.errors import RecipeError
from msm_mlx.spec import Section, Spec
from msm_mlx.text.swap import WordSwap


def turn_spec(spec: Spec, swap: WordSwap, table: str) -> Spec:
    """The spec with the words exchanged. Its sections keep their ids, so that the plan of the spec is a plan of this.

    Raises:
        RecipeError: with file and line of the sections that would not come back, or if none of the words is in what
            the spec asserts.
    """
    problem = f"is not the same when the words of {table} are exchanged twice; change some of them"
    problems = [f"{spec.path}:{section.line}: {problem}" for section in spec.sections if not swap.undoes(section.text)]
    if problems:
        raise RecipeError("\n".join(problems))
    turned = replace(spec, text=swap(spec.text), sections=tuple(_turn(section, swap) for section in spec.sections))
    if [one.assertion for one in turned.assertions] == [one.assertion for one in spec.assertions]:
        raise RecipeError(f"{table}: none of its words stands in what {spec.path} asserts; name others")
    return turned


def _turn(section: Section, swap: Callable[[str], str]) -> Section:
    return replace(
        section,
        text=swap(section.text),
        assertion=None if section.assertion is None else swap(section.assertion),
        unmarked=tuple(replace(one, text=swap(one.text)) for one in section.unmarked),
        further=tuple(replace(one, text=swap(one.text)) for one in section.further),
    )
