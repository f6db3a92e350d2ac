"""Stages that come with several shares of contrary rows: each share is a stage of its own, and so is each arm's.

What the arms have in common before is trained once, and another share adds an arm and leaves the others as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import product

from msm_mlx.recipe.arms import BASE, path_of, without_documents
from msm_mlx.recipe.schema import StageSettings


def stage_names(name: str, settings: StageSettings) -> tuple[str, ...]:
    """What the stage is called with each of its shares: `after-0.02`, or `after` if there is one share or none."""
    shares = settings.contrary or ()
    return tuple(f"{name}-{share:g}" for share in shares) if len(shares) > 1 else (name,)


def family_of(name: str, share: float | None) -> str:
    """What the recipe calls a stage that is called `name` with this share: `after` for `after-0.02`."""
    return name if share is None else name.removesuffix(f"-{share:g}")


def stages_by_share(stages: Mapping[str, StageSettings]) -> dict[str, StageSettings]:
    """Every stage with at most one share of contrary rows."""
    by_share: dict[str, StageSettings] = {}
    for name, settings in stages.items():
        for number, each in enumerate(stage_names(name, settings)):
            share = settings.contrary[number : number + 1] if settings.contrary else None
            by_share[each] = settings.model_copy(update={"contrary": share})
    return by_share


def arms_by_share(arms: Iterable[str], stages: Mapping[str, StageSettings]) -> tuple[str, ...]:
    """Every arm with each share of each stage of its path."""
    return tuple(
        "+".join(path) or BASE for arm in arms for path in product(*(_choices(name, stages) for name in path_of(arm)))
    )


def arms_to_measure(arms: Collection[str], contrary: Collection[str]) -> dict[str, list[str]]:
    """The arms that a number of contrary rows needs and that are not among these, by the arm before the stage with
    such rows. `contrary` are the names of these stages. An arm without documents has no such number."""
    missing: dict[str, list[str]] = {}
    for arm in arms:
        *path, last = path_of(arm) or ("",)
        before = "+".join(path) or BASE
        if last in contrary and without_documents(before) != before:
            missing[before] = [name for name in (before, without_documents(before)) if name not in arms]
    return {before: names for before, names in missing.items() if names}


def _choices(name: str, stages: Mapping[str, StageSettings]) -> tuple[str, ...]:
    return stage_names(name, stages[name]) if name in stages else (name,)
