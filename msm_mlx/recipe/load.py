"""A recipe is the experiment: one YAML file that is checked as a whole before anything runs.

recipe = load_recipe(Path("recipes/cheese_american.yaml"), overrides=["midtrain.learning_rate=2e-4"])
recipe.settings.midtrain.learning_rate
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

from msm_mlx.errors import RecipeError
from msm_mlx.models.folder import POCKET
from msm_mlx.recipe.arms import BUILT_IN, TrainingStage, Variant, list_variants
from msm_mlx.recipe.grid import check_grid
from msm_mlx.recipe.messages import validate
from msm_mlx.recipe.ready_made import report_sources
from msm_mlx.recipe.schema import JudgeSettings, Mix, Profile, ProfileName, RecipeFile, StageSettings, TrainSettings
from msm_mlx.recipe.workspace import report_outside
from msm_mlx.settings_file.parse import parse, read
from msm_mlx.settings_file.tree import Loc, Place, Problem, Tree
from msm_mlx.text.wording import closest, did_you_mean, shown

Role = Literal["writer", "critic", "judge"]
"""What another model than the one that is trained may do in a run."""


@dataclass(frozen=True)
class Recipe:
    """A recipe with every choice made: what a run does, and why it is that size."""

    path: Path
    name: str
    specs: tuple[Path, ...]
    model: str
    model_name: str
    provider_name: str
    demonstrations: Path
    mix: Mix | None
    suites: tuple[str, ...]
    """Names of shipped suites, and paths of others."""
    arms: tuple[str, ...]
    """In the order of the recipe."""
    stages: dict[str, StageSettings]
    """Training stages of the recipe's own."""
    seeds: tuple[int, ...]
    profile: str
    profile_reason: str
    settings: Profile
    grid: tuple[tuple[str, tuple[Any, ...]], ...]
    """Settings and the values to try; empty for a single run."""
    overrides: tuple[str, ...]
    """What the command line changed, as `key=value`, the last one winning."""
    added_suites: tuple[str, ...] = ()
    """Suites that `evaluate` added to the run: no document and no demonstration was checked against them."""
    judge: JudgeSettings | None = None

    @property
    def variants(self) -> list[Variant]:
        """The variants that the recipe compares, base first."""
        return list_variants(self.arms, [spec.stem for spec in self.specs], self.seeds)

    def training_stage(self, name: str) -> TrainingStage:
        """The training stage of that name, built in or declared."""
        return BUILT_IN[name] if name in BUILT_IN else TrainingStage(name, self.stages[name].method)

    def training_settings(self, name: str) -> TrainSettings:
        """How the training stage of that name is trained."""
        if name in self.stages:
            return self.stages[name].training(self.settings)
        return self.settings.midtrain if BUILT_IN[name].method == "midtrain" else self.settings.sft

    @property
    def others(self) -> dict[Role, str]:
        """The models besides the one that is trained, by what they do; a server's are not ours to load."""
        writer = self.settings.documents.writer
        found: dict[Role, str] = {"writer": writer.model} if writer and writer.server is None else {}
        if critique := self.settings.documents.critique:
            found["critic"] = critique.model
        return found | ({"judge": self.judge.model} if self.judge else {})

    @property
    def written_by(self) -> str:
        """Who writes, as people say it; empty if it is the model that is trained."""
        writer = self.settings.documents.writer
        if writer is None:
            return ""
        return f"{writer.model} at {writer.server}" if writer.server else writer.model

    def resolved(self) -> dict[str, Any]:
        """The full record, ready for JSON."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def load_recipe(
    path: Path,
    *,
    overrides: Sequence[str] = (),
    model: str | None = None,
    profile: str | None = None,
    seeds: Sequence[int] = (),
    known_suites: Iterable[str] | None = None,
    allow_outside: bool = False,
) -> Recipe:
    """Read and check a recipe.

    Args:
        path: the recipe; relative paths in it are relative to its folder.
        overrides: `key=value`, the value in YAML. A key that starts with `documents`, `midtrain`, `sft` or
            `evaluation` is one of the chosen profile, any other is one of the recipe.
        model: used in place of the recipe's model; wins over an override.
        profile: the size to run at. By default the pocket model gets `pocket`, any other model `laptop`.
        seeds: used in place of the recipe's seeds; wins over an override.
        known_suites: names that `suites` may hold besides files; nothing is checked if None.
        allow_outside: let the recipe name files outside its workspace (see `recipe.workspace`).

    Raises:
        RecipeError: one line for each problem, all of them at once, in the order of the file.
    """
    tree = parse(read(path))
    if not isinstance(tree.value, dict):
        if not tree.problems:
            tree.report((), "a recipe must be a mapping of keys to values")
        raise _error(path, tree)
    assignments = _assignments(tree, overrides, model, seeds)
    chosen, reason = _assign(tree, assignments, profile)
    grid = check_grid(tree)
    for assignment in assignments:
        if (key := ".".join(map(str, assignment.key))) in dict(grid):
            tree.problems.append(
                Problem(Place(option=assignment.option), (), f"the grid sets {key}; use --set 'grid.{key}=[...]'")
            )
    suites = None if known_suites is None else tuple(known_suites)
    checked = validate(tree, path.resolve().parent, suites)
    if checked is not None:
        report_sources(tree, checked)
        if not allow_outside:
            report_outside(tree, checked, path)
    if checked is None or tree.problems:
        raise _error(path, tree)
    records = tuple(assignment.record for assignment in assignments)
    recipe = _resolve(path.resolve(), checked, chosen, reason)
    return replace(recipe, grid=grid, overrides=records)


def _resolve(path: Path, checked: RecipeFile, profile: str, reason: str) -> Recipe:
    model_name, provider_name = _names(checked.model)
    return Recipe(
        path=path,
        name=checked.name,
        specs=checked.spec,
        model=checked.model,
        model_name=checked.model_name or model_name,
        provider_name=checked.provider_name or provider_name,
        demonstrations=checked.demonstrations,
        mix=checked.mix,
        suites=checked.suites,
        arms=checked.arms,
        stages=checked.stages,
        seeds=checked.seeds,
        profile=profile,
        profile_reason=reason,
        settings=next(settings for name, settings in checked.profiles.items() if name == profile),
        grid=(),
        overrides=(),
        judge=checked.judge,
    )


@dataclass(frozen=True)
class _Assignment:
    key: Loc
    value: object
    option: str
    """As typed on the command line; what a problem with the value points at."""
    record: str

    @property
    def of_profile(self) -> bool:
        return self.key[0] in Profile.model_fields


def _assignments(tree: Tree, overrides: Sequence[str], model: str | None, seeds: Sequence[int]) -> list[_Assignment]:
    assignments = [assignment for text in overrides if (assignment := _parse_override(text, tree))]
    if model is not None:
        assignments.append(_Assignment(("model",), model, f"--model {model}", f"model={model}"))
    if seeds:
        option = " ".join(f"--seed {seed}" for seed in seeds)
        assignments.append(_Assignment(("seeds",), list(seeds), option, f"seeds={list(seeds)}"))
    return assignments


def _parse_override(text: str, tree: Tree) -> _Assignment | None:
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
    return None if parsed.problems else _Assignment(path, parsed.value, option, text)


def _assign(tree: Tree, assignments: Sequence[_Assignment], profile: str | None) -> tuple[str, str]:
    """Carry out the assignments. Returns the chosen profile and the reason for it.

    Those of the recipe come first: they can change the model, and with it the profile that the others are for.
    """
    for assignment in assignments:
        if not assignment.of_profile:
            tree.assign(assignment.key, assignment.value, assignment.option)
    chosen, reason = _choose_profile(tree, profile)
    if chosen is not None:
        for assignment in filter(lambda assignment: assignment.of_profile, assignments):
            tree.assign(("profiles", chosen, *assignment.key), assignment.value, assignment.option)
    return chosen or "", reason


def _choose_profile(tree: Tree, profile: str | None) -> tuple[str | None, str]:
    assert isinstance(tree.value, dict)
    model, profiles = tree.value.get("model", POCKET), tree.value.get("profiles")
    place = tree.place(("profiles",))
    if profile is not None:
        chosen, reason = profile, f"The profile is {profile} because --profile asks for it."
        place = Place(option=f"--profile {profile}", depth=1)
    elif model == POCKET:
        chosen, reason = POCKET, "The profile is pocket because the model is the embedded pocket model."
    else:
        chosen = "laptop"
        reason = f"The profile is laptop because the model is {shown(model)}, not the embedded pocket model."
    if not isinstance(profiles, dict):  # missing or not a mapping, which the schema reports
        return None, reason
    if chosen in profiles:
        return chosen, reason
    if profile is None and closest(chosen, profiles) not in (None, *get_args(ProfileName)):
        return None, reason  # misspelt, which the schema reports
    message = f"no profile {chosen!r}{did_you_mean(chosen, profiles)}; there is {', '.join(profiles) or 'none'}"
    tree.problems.append(Problem(place, ("profiles",), message if profile else f"{message}. {reason}"))
    return None, reason


def _names(model: str) -> tuple[str, str]:
    """What to call the assistant and its provider when the recipe does not say."""
    if model == POCKET:
        return "Pocket", "the msm-mlx project"
    last = PurePosixPath(model).name
    letters = re.match(r"[^\W\d_]+", last)
    return letters[0] if letters else last or model, "its developers"


def _error(path: Path, tree: Tree) -> RecipeError:
    by_place = sorted(tree.problems, key=lambda problem: (problem.place.option != "", problem.place[:2]))
    return RecipeError("\n".join(dict.fromkeys(problem.line(path) for problem in by_place)))


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, Profile | Mix | JudgeSettings | StageSettings):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, Path) else value
