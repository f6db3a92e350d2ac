"""One comparison: the arms of one or several runs over one base, the prompts to ask, and the answers on file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from msm_mlx.compare.answering import Arm
from msm_mlx.errors import RecipeError
from msm_mlx.recipe.arms import Variant, list_variants
from msm_mlx.runs.finished import RunRecord, StoredAnswer, open_record, read_object
from msm_mlx.runs.layout import ADAPTER_FILES, DOCUMENT_FILES, RESULTS, adapter_folder, document_folder
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
class Session:
    """All that a comparison needs, read from the run folders.

    `stored` is by prompt id and arm label; `documents` and `specs` are what each trained arm has read, by its label.
    """

    folders: tuple[Path, ...]
    model_name: str
    model: str
    arms: tuple[Arm, ...]
    prompts: tuple[Prompt, ...]
    stored: Mapping[tuple[str, str], StoredAnswer]
    results: tuple[dict[str, Any], ...]
    documents: Mapping[str, Path]
    specs: Mapping[str, Path]
    template: str | None = None
    """The hash of the chat template that the arms were trained with, where the runs note it."""


@dataclass(frozen=True)
class _Trained:
    """A trained arm of a run, by the first of its seeds."""

    run: RunRecord
    variant: Variant
    spec: Path | None

    @property
    def adapter(self) -> Path:
        return self.run.folder / adapter_folder(self.variant)

    @property
    def documents(self) -> Path:
        """The documents that a midtrained arm has read."""
        variant = self.variant
        return (
            self.run.folder / document_folder(variant.arm, str(variant.spec), variant.several_specs) / DOCUMENT_FILES[0]
        )

    def exists(self) -> bool:
        """Whether there is an adapter to ask, or at least answers of one that is gone."""
        mine = (self.variant.arm, self.variant.spec, self.variant.seed)
        return all((self.adapter / name).is_file() for name in ADAPTER_FILES) or any(
            (row.arm, row.spec, row.seed) == mine for row in self.run.rows
        )

    def label(self, with_spec: bool) -> str:
        return replace(self.variant, several_specs=with_spec).label


def open_session(folders: Sequence[Path]) -> Session:
    """The comparison of all arms in `folders`; nothing of a model is loaded.

    Raises:
        RecipeError: if a folder is no run folder or is damaged, has no trained arm, or has another base model or
            model name than the first.
    """
    first: dict[Path, Path] = {}
    for folder in folders:
        first.setdefault(folder.resolve(), folder)
    distinct = tuple(first.values())
    if not distinct:
        raise RecipeError("no run folder to compare")
    runs = [open_record(folder) for folder in distinct]
    _same_base(runs)
    trained = _labelled([arm for run in runs for arm in _trained_arms(run)])
    prompts = _prompts(runs)
    return Session(
        folders=distinct,
        model_name=runs[0].model_name,
        model=runs[0].model,
        template=runs[0].template,
        arms=(Arm(BASE, None), *(Arm(label, arm.adapter) for label, arm in trained.items())),
        prompts=prompts,
        stored=_stored(runs, trained, {prompt.id: prompt for prompt in prompts}),
        results=tuple(read_object(run.folder / RESULTS) for run in runs if (run.folder / RESULTS).is_file()),
        documents={label: arm.documents for label, arm in trained.items() if arm.spec and arm.documents.is_file()},
        specs={label: arm.spec for label, arm in trained.items() if arm.spec and arm.spec.is_file()},
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
            raise RecipeError(f"no arm {label} in {', '.join(map(str, session.folders))}{hint}")
    return tuple(arms[label] for label in dict.fromkeys(labels or arms))


def typed_prompt(text: str) -> Prompt:
    """A prompt that somebody typed.

    Raises:
        RecipeError: if it is empty, or is no text.
    """
    if not text.strip():
        raise RecipeError("an empty prompt")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RecipeError(f"a prompt that is not valid UTF-8: {text!r}") from error
    return Prompt(f"typed/{text}", text, None, None, None)


def _same_base(runs: Sequence[RunRecord]) -> None:
    """One copy of the base serves all arms, and one name opens all chats."""
    first = runs[0]
    for run in runs[1:]:
        if run.fingerprint != first.fingerprint:
            raise RecipeError(
                f"{run.folder} has the base model {run.model} ({run.fingerprint[:12]}), {first.folder} has "
                f"{first.model} ({first.fingerprint[:12]}): only runs over the same base can be compared side by side"
            )
        if run.model_name != first.model_name:
            raise RecipeError(
                f"{run.folder} calls its model {run.model_name}, {first.folder} calls it {first.model_name}: "
                "only runs with the same model_name can be compared side by side"
            )


def _trained_arms(run: RunRecord) -> list[_Trained]:
    """The first seed of each trained arm, in the order in which runs list their variants."""
    specs = {spec.stem: spec for spec in run.specs}
    found: list[_Trained] = []
    for variant in list_variants(run.arms, list(specs), run.seeds):
        trained = _Trained(run, variant, specs[variant.spec] if variant.spec else None)
        if variant.is_trained and trained.exists() and all(variant.label != other.variant.label for other in found):
            found.append(trained)
    if not found and not run.rows:
        raise RecipeError(f"{run.folder}: has no trained arm yet; run the recipe's command again to go on")
    return found


def _labelled(arms: Sequence[_Trained]) -> dict[str, _Trained]:
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


def _prompts(runs: Sequence[RunRecord]) -> tuple[Prompt, ...]:
    """The items of the runs' suites, forced choices with the target named first; none that goes on from other turns."""
    items: dict[str, Item] = {}
    for run in runs:
        for suite in run.suites:
            with suppress(RecipeError):  # a suite file that is gone: its prompts cannot be asked again
                content = load_suite(suite, Names(run.model_name, run.provider_name), run.profile)
                items |= {item.id: item for item in content.items if not item.turns}
    return tuple(
        Prompt(item.id, item.prompts()[0], item.suite, item.domain, item if isinstance(item, Pair) else None)
        for item in items.values()
    )


def _stored(
    runs: Sequence[RunRecord], trained: Mapping[str, _Trained], prompts: Mapping[str, Prompt]
) -> dict[tuple[str, str], StoredAnswer]:
    """The evaluations' answers of these arms to these prompts; none about a pair that the suite no longer has."""
    labels = {(arm.run.folder, arm.variant): label for label, arm in trained.items()}
    stored: dict[tuple[str, str], StoredAnswer] = {}
    for run in runs:
        for row in run.rows:
            variant = Variant(row.arm, row.spec, row.seed, len(run.specs) > 1)
            label = BASE if row.arm == BASE else labels.get((run.folder, variant))
            prompt = prompts.get(row.item)
            if label and prompt and row.prompt == prompt.text:
                stored.setdefault((prompt.id, label), row.answer)
    return stored
