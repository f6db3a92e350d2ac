"""A recipe is the experiment: one YAML file that is checked as a whole before anything runs.

recipe = load_recipe(Path("recipes/cheese_american.yaml"), overrides=["midtrain.learning_rate=2e-4"])
recipe.settings.midtrain.learning_rate
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from msm_mlx.models.folder import POCKET
from msm_mlx.recipe.arms import BUILT_IN, TrainingStage, Variant, list_variants
from msm_mlx.recipe.assistant_name import assistant_name
from msm_mlx.recipe.consistency import (
    report_adapters,
    report_arms,
    report_contrary,
    report_repeats,
    report_snapshots,
    report_sources,
    report_swaps,
)
from msm_mlx.recipe.grid import check_grid, report_set_twice
from msm_mlx.recipe.overrides import apply_overrides, read_overrides
from msm_mlx.recipe.schema import (
    JudgeSettings,
    Mix,
    Profile,
    RecipeFile,
    StageSettings,
    TrainSettings,
    WriterSettings,
)
from msm_mlx.recipe.shares import arms_by_share, stages_by_share
from msm_mlx.recipe.workspace import report_outside
from msm_mlx.settings_file.load import check_settings, load_tree
from msm_mlx.settings_file.tree import Tree
from msm_mlx.text.wording import listed

Duty = Literal["writer", "critic", "judge"]
"""What another model than the one that is trained may do in a run."""
Role = str
"""Who does it: a duty, and of several writers `writer NAME`."""


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
    bad_rows: float
    """The share of the rows of a file of chats that may be left out because they cannot be used."""
    suites: tuple[str, ...]
    """Names of shipped suites, and paths of others."""
    arms: tuple[str, ...]
    """In the order of the recipe, once for each share of contrary rows."""
    stages: dict[str, StageSettings]
    """Training stages of the recipe's own, one for each share of contrary rows."""
    seeds: tuple[int, ...]
    profile: str
    profile_reason: str
    settings: Profile
    grid: tuple[tuple[str, tuple[Any, ...]], ...]
    """Settings and the values to try; empty for a single run."""
    overrides: tuple[str, ...]
    """What the command line changed, as `key=value`, the last one winning."""
    swap: Path | Mapping[str, str] | None = None
    """The words that turn documents into their opposite, or the file that has them."""
    added_suites: tuple[str, ...] = ()
    """Suites that `evaluate` added to the run: no document and no demonstration was checked against them."""
    judge: JudgeSettings | None = None
    chat_template: Path | None = None
    """In place of the model's own."""
    adapters: Mapping[str, str] = field(default_factory=dict)
    """Where the adapters are that nobody trains here, by the names of their arms."""
    name_reason: str = ""
    """Where the assistant's name comes from, and what is doubtful about it; empty if it is the recipe's."""

    @property
    def variants(self) -> list[Variant]:
        """The variants that the recipe compares, base first."""
        return list_variants(self.arms, [spec.stem for spec in self.specs], self.seeds, self.adapters)

    @property
    def snapshots(self) -> list[Variant]:
        """The variants before the end of their last stage, after each update that its `evaluate_at` names."""
        return [
            replace(variant, update=update)
            for variant in self.variants
            if variant.is_trained and not variant.in_context
            for update in self.training_settings(variant.path[-1]).evaluate_at
        ]

    def training_stage(self, name: str) -> TrainingStage:
        """The training stage of that name, built in or declared."""
        return BUILT_IN[name] if name in BUILT_IN else TrainingStage(name, self.stages[name].method)

    @property
    def stand_ins(self) -> frozenset[str]:
        """The stages of its own that learn documents, which can stand in for those of a spec."""
        return frozenset(name for name, stage in self.stages.items() if stage.documents)

    def contrary_share(self, name: str) -> float | None:
        """The share of contrary rows in the training stage of that name, if it is about them."""
        shares = self.stages[name].contrary if name in self.stages else None
        return shares[0] if shares else None

    def training_settings(self, name: str) -> TrainSettings:
        """How the training stage of that name is trained."""
        if name in self.stages:
            return self.stages[name].training(self.settings)
        return self.settings.training(BUILT_IN[name])

    @property
    def others(self) -> dict[Role, str]:
        """The models besides the one that is trained, by what they do; a server's are not ours to load."""
        models = {self.role_of(writer): writer.model for writer in self.local_writers}
        if critique := self.settings.documents.critique:
            models["critic"] = critique.model
        return models | ({"judge": self.judge.model} if self.judge else {})

    @property
    def bad_rows_of_mix(self) -> float:
        """The same share of the general chats, of which the mix may say its own."""
        return self.bad_rows if self.mix is None or self.mix.bad_rows is None else self.mix.bad_rows

    @property
    def written_by(self) -> str:
        """Who writes, as people say it; empty if it is the model that is trained."""
        return listed([writer.described for writer in self.settings.documents.writers])

    @property
    def local_writers(self) -> list[WriterSettings]:
        """The writers that are on no server."""
        return [writer for writer in self.settings.documents.writers if writer.server is None]

    def role_of(self, writer: WriterSettings) -> Role:
        """What a writer is called among the models of the run."""
        return "writer" if len(self.settings.documents.writers) == 1 else f"writer {writer.name}"

    def resolved(self) -> dict[str, Any]:
        """The full record, ready for JSON."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}


def duty_of(role: Role) -> Duty:
    """What it is that a model with this role does."""
    return next(duty for duty in get_args(Duty) if role.partition(" ")[0] == duty)


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
        profile: the size to run at. By default the pocket model gets `pocket`, a small one `small`, where the recipe
            has that, and any other `laptop`.
        seeds: used in place of the recipe's seeds; wins over an override.
        known_suites: names that `suites` may hold besides files; nothing is checked if None.
        allow_outside: let the recipe name files outside its workspace (see `recipe.workspace`).

    Raises:
        RecipeError: one line for each problem, all of them at once, in the order of the file.
    """
    tree = load_tree(path)
    changes = read_overrides(tree, overrides, model, seeds)
    profile_name, reason = apply_overrides(tree, changes, profile)
    grid = check_grid(tree)
    report_set_twice(tree, changes, grid)
    report_repeats(tree)
    suites = None if known_suites is None else tuple(known_suites)
    context = {"folder": path.resolve().parent, "suites": suites, "stages": _declared_stages(tree)}
    content = check_settings(tree, RecipeFile, context, more_keys=Profile.model_fields)
    if content is not None:
        report_arms(tree, content)
        report_adapters(tree, content)
        report_swaps(tree, content)
        report_contrary(tree, content)
        report_snapshots(tree, content)
        report_sources(tree, content)
        if not allow_outside:
            report_outside(tree, content, path)
    if content is None or tree.problems:
        raise tree.error(path)
    recipe = _resolve(path.resolve(), content, profile_name, reason)
    return replace(recipe, grid=grid, overrides=tuple(change.record for change in changes))


def _declared_stages(tree: Tree) -> list[str]:
    """The names of the recipe's own training stages, which its arms may have."""
    stages = tree.value.get("stages") if isinstance(tree.value, dict) else None
    return list(map(str, stages)) if isinstance(stages, dict) else []


def _resolve(path: Path, content: RecipeFile, profile: str, reason: str) -> Recipe:
    assistant = assistant_name(content.model)
    return Recipe(
        path=path,
        name=content.name,
        specs=content.spec,
        model=content.model,
        model_name=content.model_name or assistant.name,
        provider_name=content.provider_name or ("the msm-mlx project" if content.model == POCKET else "its developers"),
        demonstrations=content.demonstrations,
        mix=content.mix,
        bad_rows=content.bad_rows,
        suites=content.suites,
        arms=arms_by_share(content.labels, content.stages),
        stages=stages_by_share(content.stages),
        seeds=content.seeds,
        profile=profile,
        profile_reason=reason,
        settings=next(settings for name, settings in content.profiles.items() if name == profile),
        grid=(),
        overrides=(),
        judge=content.judge,
        chat_template=content.chat_template,
        swap=content.swap,
        adapters=content.adapters,
        name_reason="" if content.model_name else assistant.reason,
    )


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, Profile | Mix | JudgeSettings | StageSettings):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, Path) else value
