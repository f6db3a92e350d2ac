"""What the command line changes in a recipe, and the profile that is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from msm_mlx.models.folder import POCKET
from msm_mlx.models.parameter_count import human_count, parameter_count
from msm_mlx.recipe.schema import Profile, ProfileName
from msm_mlx.settings_file.parse import parse
from msm_mlx.settings_file.tree import Loc, Place, Problem, Tree
from msm_mlx.text.wording import closest, describe, did_you_mean

SMALL, LAPTOP = "small", "laptop"
SMALL_PARAMETERS = 1_500_000_000  # from which the laptop profile is the right one


@dataclass(frozen=True)
class Override:
    """A value that the command line gives to a key of the recipe, or of the chosen profile."""

    key: Loc
    value: object
    option: str
    """As typed on the command line; what a problem with the value points at."""
    record: str
    """As `key=value`, for the run's record."""

    @property
    def of_profile(self) -> bool:
        return self.key[0] in Profile.model_fields


def read_overrides(tree: Tree, texts: Sequence[str], model: str | None, seeds: Sequence[int]) -> list[Override]:
    """Those of `--set`, each `key=value`, then those of `--model` and `--seed`; what is no override is noted in the
    tree."""
    overrides = [override for text in texts if (override := _parse(text, tree))]
    if model is not None:
        overrides.append(Override(("model",), model, f"--model {model}", f"model={model}"))
    if seeds:
        option = " ".join(f"--seed {seed}" for seed in seeds)
        overrides.append(Override(("seeds",), list(seeds), option, f"seeds={list(seeds)}"))
    return overrides


def _parse(text: str, tree: Tree) -> Override | None:
    option = f"--set {text}"
    key, equals, value = text.partition("=")
    if not equals:
        tree.problems.append(Problem(Place(option=option), (), "must be key=value"))
        return None
    parsed = parse(value)
    tree.problems += [Problem(Place(option=option), problem.loc, problem.message) for problem in parsed.problems]
    first, *rest = key.strip().split(".")
    # a setting of the grid is one key, with the dot in it
    path = (first, ".".join(rest)) if first == "grid" and rest else (first, *rest)
    return None if parsed.problems else Override(path, parsed.value, option, text)


def apply_overrides(tree: Tree, overrides: Sequence[Override], profile: str | None) -> tuple[str, str]:
    """Put the values into the tree. Returns the name of the profile and the reason for it.

    Those of the recipe come first: they can change the model, and with it the profile that the others are for.
    """
    for override in overrides:
        if not override.of_profile:
            tree.assign(override.key, override.value, override.option)
    name, reason = _choose_profile(tree, profile)
    if name is not None:
        for override in overrides:
            if override.of_profile:
                tree.assign(("profiles", name, *override.key), override.value, override.option)
    return name or "", reason


def profile_by_size(model: object, has_small: bool) -> tuple[str, str]:
    """The profile for a model that is not pocket, of a recipe with or without a small one, and the reason."""
    size = parameter_count(model) if isinstance(model, str) else None
    if size is None:
        return LAPTOP, f"The profile is laptop because the model is {describe(model)}, not the embedded pocket model."
    count, source = size
    has = f"the model {describe(model)} has {human_count(count)} parameters {source}"
    if count >= SMALL_PARAMETERS:
        return LAPTOP, f"The profile is laptop because {has}."
    if not has_small:
        return LAPTOP, f"The profile is laptop, although {has}: this recipe has no small profile."
    return SMALL, f"The profile is small because {has}; it is for models of fewer than {human_count(SMALL_PARAMETERS)}."


def _choose_profile(tree: Tree, profile: str | None) -> tuple[str | None, str]:
    assert isinstance(tree.value, dict)
    model, profiles = tree.value.get("model", POCKET), tree.value.get("profiles")
    place = tree.place(("profiles",))
    if profile is not None:
        name, reason = profile, f"The profile is {profile} because --profile asks for it."
        place = Place(option=f"--profile {profile}", depth=1)
    elif model == POCKET:
        name, reason = POCKET, "The profile is pocket because the model is the embedded pocket model."
    else:
        name, reason = profile_by_size(model, isinstance(profiles, dict) and SMALL in profiles)
    if not isinstance(profiles, dict):  # missing or not a mapping, which the schema reports
        return None, reason
    if name in profiles:
        return name, reason
    if profile is None and closest(name, profiles) not in (None, *get_args(ProfileName)):
        return None, reason  # misspelt, which the schema reports
    why = "" if profile else f" ({reason[0].lower()}{reason[1:].removesuffix('.')})"
    message = f"no profile {name!r}{did_you_mean(name, profiles)}{why}; there is {', '.join(profiles) or 'none'}"
    tree.problems.append(Problem(place, ("profiles",), message))
    return None, reason
