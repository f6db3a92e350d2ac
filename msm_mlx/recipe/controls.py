"""Which arm each arm is a control for, and what it leaves out: the one thing in which the two differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from msm_mlx.recipe.arms import (
    BASE,
    CHATS,
    CONTEXT,
    CONTROL,
    IT,
    NEGATED,
    OPPOSITE,
    arm_of,
    controls_of,
    is_other_order,
    path_of,
    reads_reasons,
    reads_spec,
    shows_behaviour,
    sort_arms,
    without_documents,
)
from msm_mlx.recipe.contrasts import is_stand_in

_IN_PLACE = {  # by what stands in place of a stage
    CONTROL.name: ("the reasons", "documents that give none"),
    OPPOSITE: ("the direction", "documents with their attitudes turned"),
    NEGATED: ("the assertion", "documents that are denied"),
    CHATS: ("the form", "the documents as chats"),
    CONTEXT: ("the training", "documents in the prompt alone"),
    IT: ("the demonstrations", "general chats in their place"),
}


@dataclass(frozen=True)
class ArmRole:
    """An arm, and the arm that it is a control for, if it is one: the two differ in nothing but `differs_in`."""

    arm: str
    control_for: str | None = None
    differs_in: str = ""
    instead: str = ""
    """What it has in place of that."""

    @property
    def line(self) -> str:
        """`msm+sft, for the reasons: documents that give none`; empty if it is a control for none."""
        return f"{self.control_for}, for {self.differs_in}: {self.instead}" if self.control_for else ""


def arm_roles(arms: Iterable[str], stand_ins: Collection[str]) -> list[ArmRole]:
    """All arms, each control behind the arm that it is for; first those that learn demonstrations after documents."""
    rest = sort_arms(arms)
    tested = sorted(
        filter(reads_reasons, rest), key=lambda arm: (not shows_behaviour(arm), reads_reasons(path_of(arm)[-1]))
    )
    roles: list[ArmRole] = []
    for arm in (*tested, *rest):
        if arm not in {role.arm for role in roles}:
            roles += _with_controls(ArmRole(arm), rest, {arm, *(role.arm for role in roles)}, stand_ins)
    return roles


def _with_controls(role: ArmRole, arms: Sequence[str], placed: set[str], stand_ins: Collection[str]) -> list[ArmRole]:
    """An arm and its controls among those that are not `placed` yet, each with its own behind it."""
    controls = [beside for arm in arms if arm not in placed and (beside := role_beside(role.arm, arm, stand_ins))]
    placed |= {control.arm for control in controls}
    controls.sort(key=lambda control: _ORDER.index(control.differs_in))
    return [role, *(one for control in controls for one in _with_controls(control, arms, placed, stand_ins))]


def sort_labels(labels: Iterable[str], stand_ins: Collection[str]) -> list[str]:
    """The labels of variants, as `arm_roles` has their arms."""
    labels = list(labels)
    places = {role.arm: place for place, role in enumerate(arm_roles(dict.fromkeys(map(arm_of, labels)), stand_ins))}
    return sorted(labels, key=lambda label: places[arm_of(label)])


_ORDER = (
    "the documents",
    "what they say",
    *(differs_in for differs_in, _ in _IN_PLACE.values()),
    "the order",
    "all but general chats",
    "all training",
)


def role_beside(arm: str, other: str, stand_ins: Collection[str]) -> ArmRole | None:
    """What `other` is beside `arm`, which has learned the documents; None if they differ in more than one thing."""
    if not reads_reasons(arm):
        return None
    if other == BASE:
        return ArmRole(other, arm, "all training", "none")
    if other == without_documents(arm):
        return ArmRole(other, arm, "the documents", "none")
    if other in controls_of(arm):
        return ArmRole(other, arm, *_IN_PLACE[_exchanged(path_of(arm), path_of(other))])
    if is_other_order(arm, other):
        return ArmRole(other, arm, "the order", "the same the other way round")
    if is_stand_in(arm, other, stand_ins):
        return ArmRole(other, arm, "what they say", "other texts in their place")
    if shows_behaviour(arm) and other == "+".join(name for name in path_of(arm) if not shows_behaviour(name)):
        return ArmRole(other, arm, "the demonstrations", "none")
    if not reads_spec(other) and not shows_behaviour(other) and path_of(other) == (IT,):
        return ArmRole(other, arm, "all but general chats", "these alone")
    return None


def _exchanged(path: Sequence[str], other: Sequence[str]) -> str:
    """The stage of the other path that this one has not."""
    return next(name for name in other if name not in path)
