"""Which contrasts between arms answer what a recipe asks. Arms are named by their labels.

`stand_ins` are always the training stages of the recipe's own that learn documents.
"""

from __future__ import annotations

from collections.abc import Collection

from msm_mlx.recipe.arms import (
    BASE,
    arm_of,
    controls_of,
    is_other_order,
    path_of,
    reads_reasons,
    without_documents,
)


def is_headline(a: str, b: str) -> bool:
    """Whether a report is about these arms: documents with reasons and then chats (`msm+sft`), against the same chats
    alone (`sft`) or after the documents of another spec."""
    arm, other = arm_of(a), arm_of(b)
    chats = without_documents(arm)
    return reads_reasons(arm) and chats != BASE and other in (chats, arm)


def is_own_control(a: str, b: str) -> bool:
    """Whether `b` tells what the documents of `a` do: it has something else in their place, about the same spec, or
    general chats in place of the demonstrations."""
    return b in [a.replace(arm_of(a), control, 1) for control in controls_of(arm_of(a))]


def is_own_order(a: str, b: str) -> bool:
    """Whether `b` has learned what `a` has, about the same spec, in another order."""
    same_spec = a.removeprefix(arm_of(a)) == b.removeprefix(arm_of(b))
    return same_spec and reads_reasons(arm_of(a)) and is_other_order(arm_of(a), arm_of(b))


def is_stand_in(a: str, b: str, stand_ins: Collection[str]) -> bool:
    """Whether `b` is `a` with one of `stand_ins` in place of documents that give reasons. A declared stage of chats is
    none, nor is an adapter that somebody has."""
    path, other = path_of(arm_of(a)), path_of(arm_of(b))
    exchanged = [(mine, its) for mine, its in zip(path, other, strict=False) if mine != its]
    return (
        len(path) == len(other)
        and len(exchanged) == 1
        and all(reads_reasons(mine) and its in stand_ins for mine, its in exchanged)
    )


def is_asked(a: str, b: str, stand_ins: Collection[str]) -> bool:
    """Whether these arms differ in what a recipe is about: the reasons in the documents that they have read."""
    two_specs = arm_of(a) == arm_of(b) and reads_reasons(arm_of(a))
    return two_specs or is_headline(a, b) or is_beside(a, b, stand_ins)


def is_beside(a: str, b: str, stand_ins: Collection[str]) -> bool:
    """Whether `b` is trained as `a`, but for one thing: what the documents are, or when they are read."""
    return is_own_control(a, b) or is_stand_in(a, b, stand_ins) or is_own_order(a, b)


def rank(a: str, b: str, stand_ins: Collection[str]) -> int:
    """The place of a contrast in tables, from 0: after chats, two specs, then a control or another order, then
    chats alone; the same without chats; the rest."""
    after_chats = without_documents(arm_of(a)) != BASE
    kinds = (arm_of(a) == arm_of(b), is_beside(a, b, stand_ins), is_headline(a, b))
    kind = next((number for number, holds in enumerate(kinds) if holds), None)
    if kind is None or not is_asked(a, b, stand_ins):
        return 2 * len(kinds)
    return kind if after_chats else len(kinds) + kind
