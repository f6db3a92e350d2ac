"""One comparison: the arms of one or several runs over one base, the prompts to ask, and the answers on file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from msm_mlx.compare.answer_engine import Arm
from msm_mlx.errors import RecipeError
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.finished import FinishedRun, open_run
from msm_mlx.runs.results import RunResults
from msm_mlx.suites.items import Item
from msm_mlx.suites.kinds.pairs import Pair
from msm_mlx.suites.load import Names, load_suite
from msm_mlx.text.wording import did_you_mean

__all__ = ["BASE", "Prompt", "Session", "StoredAnswer", "choose_arms", "open_session", "typed_prompt"]

BASE = "base"


@dataclass(frozen=True)
class Prompt:
    """Something to ask every arm. `item` is the forced choice behind it, if there is one."""

    id: str
    text: str
    suite: str | None
    domain: str | None
    item: Pair | None


@dataclass(frozen=True)
class StoredAnswer:
    """What an arm wrote in the evaluation. `margin` is the log-odds of a pair's target (nats), both orders averaged."""

    text: str | None
    """None where nothing but the options was scored."""
    margin: float | None


@dataclass(frozen=True)
class Session:
    """All that a comparison needs of its runs.

    `stored` is by prompt id and arm label; `documents` and `specs` are what each trained arm has read, by its label.
    """

    runs: tuple[FinishedRun, ...]
    arms: tuple[Arm, ...]
    prompts: tuple[Prompt, ...]
    stored: Mapping[tuple[str, str], StoredAnswer]
    documents: Mapping[str, Path]
    specs: Mapping[str, Path]

    @property
    def folders(self) -> tuple[Path, ...]:
        return tuple(run.folder for run in self.runs)

    @property
    def model_name(self) -> str:
        """What the assistant is called, in all of the runs."""
        return self.runs[0].recipe.model_name

    @property
    def sampling(self) -> dict[str, Any]:
        """How new answers are sampled if nobody says otherwise: as the first of the runs has it."""
        return self.runs[0].answer_sampling

    @property
    def provider_name(self) -> str:
        """Who made the assistant, by the first of the runs."""
        return self.runs[0].recipe.provider_name

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the figures of these runs no fair comparison."""
        first, others = self.runs[0], self.runs[1:]
        return tuple(
            f"The chat template tells the date: {first.folder} was made with {first.date} and {run.folder} with "
            f"{run.date}, so their figures differ by that too. New prompts are asked with {first.date}."
            for run in others
            if run.model.fingerprint != first.model.fingerprint
        )

    @property
    def results(self) -> tuple[RunResults, ...]:
        """Those of the runs that are evaluated."""
        return tuple(run.results for run in self.runs if run.is_evaluated)


@dataclass(frozen=True)
class _TrainedArm:
    """An arm of a run that is trained or has documents in its prompts, by the first of its seeds."""

    run: FinishedRun
    variant: Variant

    def label(self, with_spec: bool) -> str:
        return replace(self.variant, several_specs=with_spec).label

    def to_ask(self, label: str) -> Arm:
        """The arm under the label that it has here."""
        adapter = self.run.adapter(self.variant) if self.variant.has_adapter else None
        context = self.run.context(self.variant) if self.variant in self.run.in_context else ""
        return Arm(label, adapter, context)


def open_session(folders: Sequence[Path]) -> Session:
    """The comparison of all arms in `folders`; nothing of a model is loaded.

    Raises:
        RecipeError: if a folder is no run folder or is damaged, has no trained arm, or has another base model or
            model name than the first.
    """
    distinct = {folder.resolve(): folder for folder in reversed(folders)}
    runs = tuple(open_run(folder) for folder in reversed(distinct.values()))
    if not runs:
        raise RecipeError("compare: no run is named; name one or more, as latest")
    _require_same_base(runs)
    for run in runs:
        if run.is_evaluated:
            run.results  # noqa: B018  (damage is told now, and not when a screen asks for them)
    trained = _labelled([arm for run in runs for arm in _trained_arms(run)])
    prompts = _prompts(runs)
    documents = {label: arm.run.documents(arm.variant) for label, arm in trained.items()}
    specs = {label: arm.run.spec(arm.variant) for label, arm in trained.items()}
    return Session(
        runs=runs,
        arms=(Arm(BASE, None), *(arm.to_ask(label) for label, arm in trained.items())),
        prompts=prompts,
        stored=_stored(runs, trained, {prompt.id: prompt for prompt in prompts}),
        documents={label: path for label, path in documents.items() if path},
        specs={label: path for label, path in specs.items() if path},
    )


def choose_arms(session: Session, labels: Sequence[str]) -> tuple[Arm, ...]:
    """The arms of these labels in this order; all of them if there are no labels.

    Raises:
        RecipeError: if there is no such arm, with the one that was probably meant.
    """
    arms = {arm.label: arm for arm in session.arms}
    for label in labels:
        if label not in arms:
            hint = did_you_mean(label, arms) or f"; there are {', '.join(arms)}"
            raise RecipeError(f"arm {label}: not in {', '.join(map(str, session.folders))}{hint}")
    return tuple(arms[label] for label in dict.fromkeys(labels or arms))


def typed_prompt(text: str) -> Prompt:
    """A prompt that somebody typed.

    Raises:
        RecipeError: if it is empty, or is no text.
    """
    if not text.strip():
        raise RecipeError("prompt: is empty; write what to ask")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RecipeError(f"prompt {text!r}: is not UTF-8; write it in UTF-8") from error
    return Prompt(f"typed/{text}", text, None, None, None)


def _require_same_base(runs: Sequence[FinishedRun]) -> None:
    """One copy of the base serves all arms, and one name opens all chats.

    Raises:
        RecipeError: if a run has another base or name than the first.
    """
    first = runs[0]
    for run in runs:
        if _undated(run) != _undated(first):
            raise RecipeError(
                f"{run.folder}: has the base {run.model.pinned} ({run.model.fingerprint[:12]}), and {first.folder} has "
                f"{first.model.pinned} ({first.model.fingerprint[:12]}); name runs over one base"
            )
        if run.recipe.model_name != first.recipe.model_name:
            raise RecipeError(
                f"{run.folder}: calls its model {run.recipe.model_name}, and {first.folder} calls it "
                f"{first.recipe.model_name}; name runs with one model_name"
            )


def _undated(run: FinishedRun) -> str:
    """The fingerprint of the run's base without the day of the run, which some templates are told."""
    return run.model.fingerprint.removesuffix(f"+{run.date}")


def _trained_arms(run: FinishedRun) -> list[_TrainedArm]:
    """The first seed of each arm besides the base that can be asked, or at least has answers."""
    answered = {(row.arm, row.spec, row.seed) for row in run.answers}
    arms: dict[str, _TrainedArm] = {}
    for variant in run.variants:
        has_answers = variant.arm != BASE and (variant.arm, variant.spec, variant.seed) in answered
        if variant in (*run.trained, *run.in_context, *run.ready_made) or has_answers:
            arms.setdefault(variant.label, _TrainedArm(run, variant))
    if not arms and not answered:
        raise RecipeError(f"{run.folder}: has no trained arm yet; run the recipe's command again to go on")
    return list(arms.values())


def _labelled(arms: Sequence[_TrainedArm]) -> dict[str, _TrainedArm]:
    """The arms by labels that differ: with the spec where there are several, with the run where two would collide."""
    with_spec = len({arm.variant.spec for arm in arms if arm.variant.spec}) > 1
    labels = Counter(arm.label(with_spec) for arm in arms)
    names = Counter(folder.name for folder in {arm.run.folder for arm in arms})
    labelled = {}
    for arm in arms:
        label, folder = arm.label(with_spec), arm.run.folder
        if labels[label] > 1:
            label = f"{folder.name if names[folder.name] == 1 else folder}:{label}"
        labelled[label] = arm
    return labelled


def _prompts(runs: Sequence[FinishedRun]) -> tuple[Prompt, ...]:
    """The items of the runs' suites, forced choices with the target named first; none that goes on from
    other turns, or has a system line or a begun reply of its own."""
    items: dict[str, Item] = {}
    for run in runs:
        recipe = run.recipe
        for suite in (*recipe.suites, *recipe.added_suites):
            with suppress(RecipeError):  # a suite file that is gone: its prompts cannot be asked again
                content = load_suite(suite, Names(recipe.model_name, recipe.provider_name), recipe.profile)
                items |= {item.id: item for item in content.items if item.opens_plainly and not item.is_format_control}
    return tuple(
        Prompt(item.id, item.prompts()[0], item.suite, item.domain, item if isinstance(item, Pair) else None)
        for item in items.values()
    )


def _stored(
    runs: Sequence[FinishedRun], trained: Mapping[str, _TrainedArm], prompts: Mapping[str, Prompt]
) -> dict[tuple[str, str], StoredAnswer]:
    """The evaluations' answers of these arms to these prompts; none about a pair that the suite no longer has."""
    labels = {(arm.run.folder, arm.variant): label for label, arm in trained.items()}
    stored: dict[tuple[str, str], StoredAnswer] = {}
    for run in runs:
        for row in run.answers:
            variant = Variant(row.arm, row.spec, row.seed, run.several_specs)
            label = BASE if row.arm == BASE else labels.get((run.folder, variant))
            prompt = prompts.get(row.item)
            if label and prompt and row.prompt == prompt.text:
                stored.setdefault(
                    (prompt.id, label), StoredAnswer(row.reply if row.answer.written else None, row.margin)
                )
    return stored
