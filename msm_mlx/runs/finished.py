"""A finished run: the one reader of its folder, for reports, comparisons, exports and the command line alike.

Nothing of a model is imported before `open` is called.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.models.chat_template import read_template
from msm_mlx.models.hub import ModelRef, resolve_model
from msm_mlx.recipe.arms import Variant, list_variants
from msm_mlx.recipe.sampling import ANSWERS
from msm_mlx.recipe.schema import Profile
from msm_mlx.recipe.shipped import present_place
from msm_mlx.runs.answers import AnswerRow, read_answer_rows
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import (
    ADAPTER_FILES,
    CELLS,
    DOCUMENTS_FOLDER,
    HEALTH,
    RECIPE,
    RECORD,
    RESULTS,
    TEMPLATE,
    adapter_folder,
    context_file,
    documents_read,
)
from msm_mlx.runs.open_variant import context_of, open_variant
from msm_mlx.runs.outcome import TrainingOutcome
from msm_mlx.runs.results import RunResults, read_results
from msm_mlx.runs.workspace import load_resolved, no_run
from msm_mlx.text.wording import did_you_mean

if TYPE_CHECKING:
    from msm_mlx.engine.loaded_model import LoadedModel


class ResolvedRecipe(BaseModel):
    """A run's copy of its recipe, with every choice made. What no reader needs is there too, unchecked."""

    model_config = ConfigDict(extra="allow", frozen=True)

    path: Annotated[Path, AfterValidator(present_place)]
    name: str
    specs: tuple[Annotated[Path, AfterValidator(present_place)], ...]
    model: str
    model_name: str
    provider_name: str
    arms: tuple[str, ...]
    adapters: dict[str, str] = {}
    """Where the adapters are that nobody trained here, by the names of their arms."""
    suites: tuple[str, ...]
    added_suites: tuple[str, ...] = ()
    stages: dict[str, dict[str, Any]] = {}
    """Training stages of the recipe's own."""
    seeds: tuple[int, ...]
    profile: str
    overrides: tuple[str, ...]
    settings: dict[str, Any]
    """As `recipe.schema.Profile` writes them."""

    @property
    def stand_ins(self) -> frozenset[str]:
        """As `Recipe` has them."""
        return frozenset(name for name, stage in self.stages.items() if stage.get("documents"))

    @property
    def writers(self) -> list[str]:
        """The models that wrote; none if it was the one that is trained."""
        return [str(writer["model"]) for writer in self.settings.get("documents", {}).get("writer") or []]


class TrainedBase(BaseModel):
    """What a run's record says of the model that its arms were trained over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    revision: str | None = None
    fingerprint: str
    chat_template: dict[str, Any] = {}
    """Its `sha256` and `source`, as `ChatTemplate.record` has them."""

    @property
    def pinned(self) -> str:
        """The name, of a model of the hub with the commit that it had."""
        return f"{self.name.partition('@')[0]}@{self.revision}" if self.revision else self.name


@dataclass(frozen=True)
class FinishedRun:
    """A run folder. Its recipe and record are read when it is opened; the rest once, when it is asked for."""

    folder: Path
    recipe: ResolvedRecipe
    record: Mapping[str, Any]
    """All of `run.json`."""

    @property
    def name(self) -> str:
        return self.recipe.name

    @property
    def several_specs(self) -> bool:
        return len(self.recipe.specs) > 1

    @cached_property
    def model(self) -> TrainedBase:
        """The base that the arms were trained over.

        Raises:
            RecipeError: if the run is a grid, or its record is damaged.
        """
        if self.record.get("grid"):
            raise RecipeError(f"{self.folder}: is a grid of runs; name one or more of those in {self.folder / CELLS}")
        try:
            return TrainedBase.model_validate(self.record.get("model"))
        except ValidationError as error:
            raise _damaged(self.folder / RECORD, error) from error

    @cached_property
    def settings(self) -> Profile:
        """The settings that the run was made with.

        Raises:
            RecipeError: if another version of msm-mlx wrote them.
        """
        try:
            return Profile.model_validate_json(json.dumps(self.recipe.settings))
        except (TypeError, ValueError) as error:
            raise RecipeError(
                f"{self.folder / RECIPE}: its settings are not of this version: {_reason(error)}; run it again"
            ) from error

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """Every variant of the recipe, base first."""
        stems = [spec.stem for spec in self.recipe.specs]
        return tuple(list_variants(self.recipe.arms, stems, sorted(self.recipe.seeds), self.recipe.adapters))

    @cached_property
    def trained(self) -> tuple[Variant, ...]:
        """The variants that have their adapter on disk, and nothing in their prompts besides."""
        return tuple(v for v in self.variants if v.is_trained and not v.in_context and self._has_adapter(v))

    @cached_property
    def in_context(self) -> tuple[Variant, ...]:
        """The variants with documents in their prompts that can be asked: these and the adapter are on disk."""
        return tuple(
            variant
            for variant in self.variants
            if (name := context_file(variant))
            and (self.folder / name).is_file()
            and (variant.trained is None or self._has_adapter(variant))
        )

    @cached_property
    def ready_made(self) -> tuple[Variant, ...]:
        """The variants with an adapter that nobody trained here, as far as it is on disk."""
        return tuple(variant for variant in self.variants if variant.ready_made and self._has_adapter(variant))

    @property
    def adapters(self) -> dict[str, str]:
        """Where the adapters are from that nobody trained here, with their commits, by the names of their arms."""
        recorded = self.record.get("adapters", {})
        return {
            name: str(recorded.get(name, {}).get("source", source)) for name, source in self.recipe.adapters.items()
        }

    @property
    def unknown_of_adapters(self) -> list[str]:
        """What is not known of these adapters, and what their figures may lack for that."""
        recorded = self.record.get("adapters", {})
        return [str(note) for name in self.recipe.adapters for note in recorded.get(name, {}).get("notes", ())]

    def context(self, variant: Variant) -> str:
        """What stands in the prompts of the variant besides what it is asked; for most, nothing.

        Raises:
            MsmError: if it cannot be read.
        """
        return context_of(self.folder, variant)

    def _has_adapter(self, variant: Variant) -> bool:
        return all((self.adapter(variant) / name).is_file() for name in ADAPTER_FILES)

    def adapter(self, variant: Variant) -> Path:
        """The folder of the variant's adapter."""
        return self.folder / adapter_folder(variant)

    def documents(self, variant: Variant) -> Path | None:
        """The documents that the variant has read, if it has read some and they are there."""
        name = documents_read(variant)
        return self.folder / name if name and (self.folder / name).is_file() else None

    def spec(self, variant: Variant) -> Path | None:
        """The spec that the variant has read about, if there is one and it is where it was."""
        return next((path for path in self.recipe.specs if path.stem == variant.spec and path.is_file()), None)

    @property
    def date(self) -> str:
        """The day that chat templates are told in this run."""
        return str(self.record.get("date", ""))

    @property
    def answer_sampling(self) -> dict[str, Any]:
        """How `compare` and `chat` sample new answers, by the names of the parameters; empty if it is not said."""
        recorded = self.record.get("sampling", {}).get(ANSWERS, {})
        return {name: one["value"] for name, one in recorded.items()}

    @property
    def is_evaluated(self) -> bool:
        return (self.folder / RESULTS).is_file()

    @cached_property
    def results(self) -> RunResults:
        """What the evaluation found.

        Raises:
            RecipeError: if it is not finished, or damaged.
        """
        return read_results(self.folder)

    @cached_property
    def health(self) -> Mapping[str, Mapping[str, Any]]:
        """The figures about each folder of documents, by its path in the run."""
        paths = {path.parent: path for path in sorted((self.folder / DOCUMENTS_FOLDER).rglob(HEALTH))}
        return {
            folder.relative_to(self.folder).as_posix(): json.loads(path.read_text(encoding="utf-8"))
            for folder, path in paths.items()
        }

    @cached_property
    def answers(self) -> tuple[AnswerRow, ...]:
        """The answers of the evaluation; none as long as it is not finished.

        Raises:
            RecipeError: if one is damaged.
        """
        return tuple(read_answer_rows(self.folder))

    @cached_property
    def cells(self) -> tuple[FinishedRun, ...]:
        """The runs of a grid; none of a single run."""
        return tuple(open_run(self.folder / CELLS / str(name)) for name in self.record.get("cells", ()))

    @property
    def versions(self) -> Mapping[str, str]:
        """Of msm-mlx and what it builds on, when the run was made."""
        return next((run.record["versions"] for run in (self, *self.cells) if run.record.get("versions")), {})

    @property
    def has_borrowed(self) -> bool:
        """Whether a stage was copied from another run."""
        return any("borrowed_from" in entry for entry in self.record["stages"].values())

    @cached_property
    def outcomes(self) -> Mapping[str, TrainingOutcome]:
        """What each training changed, by the name of its stage; in a grid that of its cell stands before."""
        own = {stage: entry["outcome"] for stage, entry in self.record["stages"].items() if "outcome" in entry}
        try:
            outcomes = {stage: TrainingOutcome.model_validate(fields) for stage, fields in own.items()}
        except ValidationError as error:
            raise _damaged(self.folder / RECORD, error) from error
        cells = {f"{cell.folder.name}: {stage}": it for cell in self.cells for stage, it in cell.outcomes.items()}
        return outcomes | cells

    @property
    def problems(self) -> list[str]:
        """What is wrong with its trainings."""
        return [f"{stage}: {problem}" for stage, it in self.outcomes.items() for problem in it.problems]

    @property
    def seconds(self) -> float:
        """Wall time of all stages together."""
        stages = (stage for run in (self, *self.cells) for stage in run.record["stages"].values())
        return float(sum(stage.get("seconds", 0.0) for stage in stages))

    def choose(self, labels: Sequence[str], seed: int | None = None) -> list[Variant]:
        """The trained variants of these labels, all if there are none, and of this seed, if it is given.

        Raises:
            RecipeError: if nothing is trained yet, or a label or the seed matches none.
        """
        if not self.trained:
            raise RecipeError(f"{self.folder}: has no trained arm yet; run the recipe's command again to go on")
        there = list(dict.fromkeys(variant.label for variant in self.trained))
        for label in labels:
            if label in self.recipe.adapters:
                raise RecipeError(
                    f"{self.folder}: {label} was not trained here; use the adapter itself, {self.adapters[label]}"
                )
            if label not in there:
                hint = did_you_mean(label, there) or f"; there are {', '.join(there)}"
                raise RecipeError(f"{self.folder}: has no trained arm {label}{hint}")
        variants = [variant for variant in self.trained if not labels or variant.label in labels]
        seeds = sorted({variant.seed for variant in variants if variant.seed is not None})
        if seed is not None and seed not in seeds:
            raise RecipeError(f"{self.folder}: has no seed {seed}; there are {', '.join(map(str, seeds))}")
        return [variant for variant in variants if seed in (None, variant.seed)]

    def base(self) -> ModelRef:
        """The very base that the run's adapters were trained over.

        Raises:
            SetupError: if it is out of reach, no longer the same, or no longer has the same chat template.
        """
        base = resolve_model(self.model.pinned)
        recorded = self.model.chat_template
        own = self.folder / TEMPLATE if recorded.get("source") == "recipe" else None
        template = read_template(base.folder, own)
        if recorded and template.sha256 != recorded.get("sha256"):
            raise changed_template(self.folder, base.folder)
        base = base.rendering(template.choice(self.date))
        if base.fingerprint != self.model.fingerprint:
            raise SetupError(
                f"{self.folder}: its base {self.model.pinned} has changed since ({base.fingerprint[:12]}, then "
                f"{self.model.fingerprint[:12]}); run the recipe's command again"
            )
        return base

    def open(self, variant: Variant, loaded: LoadedModel | None = None) -> LoadedModel:
        """The model as this variant: one that is `loaded` already, as another variant of this run, or a new one.

        Raises:
            SetupError or MsmError: as `base` does, or if the variant's adapter cannot be read.
        """
        return open_variant(loaded or _load(self.base()), self.folder, variant)


def changed_template(run: Path, place: Path) -> SetupError:
    """The error of a run whose arms were trained with another chat template than the one at `place`."""
    return SetupError(
        f"{place}: its chat template is not the one that the arms of {run} were trained with, which is in "
        f"{run / TEMPLATE}; put it back, or train them again with `msm-mlx run`"
    )


def _load(base: ModelRef) -> LoadedModel:
    from msm_mlx.engine.loaded_model import load_base

    return load_base(base.folder, base.choice)


def open_run(folder: Path) -> FinishedRun:
    """The run in `folder`.

    Raises:
        RecipeError: if it is no run folder, or its recipe or record is damaged.
    """
    if not (folder / RECORD).is_file():
        raise no_run(folder)
    try:
        record = RunFolder(folder).record()
    except MsmError as error:
        raise RecipeError(str(error)) from error
    try:
        return FinishedRun(folder, ResolvedRecipe.model_validate(load_resolved(folder)), record)
    except ValidationError as error:
        raise _damaged(folder / RECIPE, error) from error


def _damaged(path: Path, error: ValidationError) -> RecipeError:
    return RecipeError(f"{path}: damaged or unfinished: {_reason(error)}; run the recipe's command again")


def _reason(error: Exception) -> str:
    """What is wrong first."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    return ": ".join(part for part in (".".join(map(str, first["loc"])), first["msg"]) if part)
