"""Arms whose adapter is ready-made, before anything is written: whether they fit, and what cannot be known of them.

Imports no mlx: all of it is in the headers of files. The stage that reads an adapter looks at the model itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msm_mlx.engine.adapter_layouts import AdapterDescription
from msm_mlx.engine.adapter_source import pinned_adapter
from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.models.chat_template import ChatTemplate, read_template
from msm_mlx.models.folder import POCKET, POCKET_FOLDER
from msm_mlx.models.hub import is_local, tokenizer_folder
from msm_mlx.models.linear_layers import linear_layers, plain_name
from msm_mlx.pipeline.findings import Findings, join
from msm_mlx.pipeline.plan import RunPlan
from msm_mlx.pipeline.stage import Stage
from msm_mlx.pipeline.stages.ready_adapter import ReadyAdapter
from msm_mlx.recipe.load import Recipe

_MARKS = re.compile(r"{%-?\s*(end)?generation\s*-?%}|\s+")  # what some trainers add to a template, and what is no text
OWN = "msm-mlx"  # the source of the template for folders that have none


def inspect_adapters(recipe: Recipe, stages: Sequence[Stage]) -> Findings:
    """What is found of all of them, among the stages of its plan, with what is on this machine."""
    ready = {stage.variant.arm: stage for stage in stages if isinstance(stage, ReadyAdapter)}.values()
    if not ready:
        return Findings()
    if not is_local(recipe.model):
        return join(_inspect(stage, recipe.model, None, None) for stage in ready)
    try:
        base = tokenizer_folder(recipe.model)
        template = read_template(base, recipe.chat_template)
    except MsmError:
        return Findings()  # whoever opens the model says what is wrong with it
    return join(_inspect(stage, recipe.model, base, template) for stage in ready)


@dataclass(frozen=True)
class AdapterRecord:
    """What a run's record says of an arm with a ready-made adapter: where it is from, and what is not known of it."""

    source: str
    notes: list[str]


def record_adapters(plan: RunPlan, base: Path, template: ChatTemplate) -> dict[str, AdapterRecord]:
    """What the record of a run says of its arms with ready-made adapters.

    Raises:
        RecipeError: with a line for each that cannot be used with this base.
    """
    findings = {
        stage.variant.arm: (stage, _inspect(stage, plan.recipe.model, base, template))
        for stage in plan.of(ReadyAdapter)
    }
    problems = [line for _, one in findings.values() for line in one.problems]
    if problems:
        raise RecipeError("\n".join(problems))
    return {arm: AdapterRecord(pinned_adapter(stage.source), one.notes) for arm, (stage, one) in findings.items()}


def _inspect(stage: ReadyAdapter, model: str, base: Path | None, template: ChatTemplate | None) -> Findings:
    arm = stage.variant.arm
    try:
        adapter = stage.describe()
    except MsmError as error:
        return Findings([f"arms: {arm}: {error}"])
    if adapter is None:
        return Findings([], [f"{stage.source} is not read here; a run fetches and checks it before it writes anything"])
    if base is None or template is None:
        return Findings([], [f"{arm}: whether {adapter.folder} fits the base is found out when the run has fetched it"])
    if problem := _misfit(adapter.layers, linear_layers(base)):
        return Findings([f"arms: {arm}: {adapter.folder} {problem}; take an adapter that was trained over {model}"])
    notes = (_about_base(adapter, model), _about_template(adapter, template))
    return Findings([], [f"{arm}: {note}" for note in notes if note])


def _misfit(layers: Mapping[str, tuple[int, int]], of_base: Mapping[str, tuple[int, int]]) -> str:
    """Why an adapter on these layers is none for a base with those; empty where nothing shows that."""
    shapes = {plain_name(name): shape for name, shape in layers.items()}
    if of_base.keys().isdisjoint(shapes):
        return ""  # the base's file may call its layers otherwise than mlx-lm does
    for name, shape in shapes.items():
        if name not in of_base:
            return f"changes {name}, which the base does not have"
        if shape != of_base[name]:
            (inputs, outputs), (its_inputs, its_outputs) = shape, of_base[name]
            return (
                f"does not fit the base: {name} has {inputs} inputs and {outputs} outputs in the adapter, and "
                f"{its_inputs} and {its_outputs} in the base"
            )
    return ""


def _about_base(adapter: AdapterDescription, model: str) -> str:
    if not adapter.base:
        return (
            "the adapter does not say which base it was trained over; its shapes are those of this base, and more is "
            "not known"
        )
    if _plain_model(adapter.base) == _plain_model(model):
        return ""
    return (
        f"the adapter says that its base is {adapter.base}, and here it is {model}; the shapes fit, and whether it is "
        "the same model is not known: over another one its figures mean nothing"
    )


def _plain_model(name: str) -> str:
    """The name of a model without its owner, its revision and the folders that it lies in: those of a cache have the
    name before the commit."""
    parts = name.partition("@")[0].rstrip("/").split("/")
    if parts[-2:] == list(POCKET_FOLDER.parts[-2:]):
        return POCKET
    repositories = [part.rpartition("--")[2] for part in parts if part.startswith("models--")]
    return (repositories or parts)[-1].lower()


def _about_template(adapter: AdapterDescription, template: ChatTemplate) -> str:
    own = read_template(adapter.folder)
    if own.source == OWN:
        return "which chat template the adapter was trained with is not said; it is asked with that of the run"
    if _MARKS.sub("", own.text) == _MARKS.sub("", template.text):
        return ""
    return (
        "the adapter comes with another chat template than that of the run, with which it is asked: its figures are of "
        "a form that it may not have learned; the recipe's chat_template can name its file, for all arms"
    )
