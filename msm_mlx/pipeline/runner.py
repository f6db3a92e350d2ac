"""Runs a recipe: fetches what it needs, refuses what cannot work, and has its stages done."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence, Set
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from threading import RLock
from typing import Any

from msm_mlx.engine.adapter_source import fetch_adapter
from msm_mlx.engine.launch import is_launched
from msm_mlx.files import write_text
from msm_mlx.models.chat_template import ChatTemplate, read_template
from msm_mlx.models.generation_config import read_generation_config
from msm_mlx.models.hub import ModelRef, resolve_model
from msm_mlx.models.renderers import LoadRenderer, load_each_once
from msm_mlx.pipeline import preflight
from msm_mlx.pipeline.adapter_arms import AdapterRecord, record_adapters
from msm_mlx.pipeline.context import Context
from msm_mlx.pipeline.plan import RunPlan, plan_run, text_sources
from msm_mlx.pipeline.processes import ModelProcesses, choose_processes
from msm_mlx.pipeline.prompt_lengths import refuse_long_prompts
from msm_mlx.pipeline.reevaluation import EVERYTHING, Choice, narrow_plan
from msm_mlx.pipeline.stage import KINDS, Kind, Stage
from msm_mlx.pipeline.status import (
    due_stages,
    frozen_date,
    known_fingerprints,
    plan_status,
    refuse_mismatches,
    status_of,
)
from msm_mlx.pipeline.work import work_through
from msm_mlx.progress import Reporter, TurnsReporter
from msm_mlx.recipe.load import Duty, Recipe, Role, duty_of
from msm_mlx.recipe.sampling import choose_sampling, plain_sampling, sampling_in_words
from msm_mlx.rows.hub import HUB, data_files
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import TEMPLATE

WORK: Mapping[Duty, set[Kind]] = {
    "writer": {"plan", "documents", "demonstrations"},
    "critic": {"critique"},
    "judge": {"judge"},
}
"""The stages that each other model works in."""
MAKE_TEXTS: Set[Kind] = {"plan", "documents", "critique", "demonstrations"}
USE_BASE: Set[Kind] = {"midtrain", "sft", "evaluate", "perplexity"}


@dataclass(frozen=True)
class PreparedRun:
    """A run that nothing is known to stand against: what it does, with which models."""

    plan: RunPlan
    run: RunFolder
    base: ModelRef
    template: ChatTemplate
    """That of `base`, or the recipe's own."""
    others: Mapping[Role, ModelRef]
    stages: Sequence[Stage]
    tries_base: bool
    """Whether texts are to be made before the base learns or answers: one that cannot would be told too late."""
    adapters: Mapping[str, AdapterRecord]
    """What the record says of arms with a ready-made adapter."""
    processes: ModelProcesses


def run_recipe(
    recipe: Recipe,
    run: RunFolder,
    report: Reporter,
    kinds: Sequence[Kind] = KINDS,
    *,
    any_memory: bool = False,
    choice: Choice = EVERYTHING,
    processes: int | None = None,
) -> None:
    """Bring every stage of the given kinds up to date. Stages of other kinds must be there already.

    Of the evaluation, only what is in `choice` is asked. `processes` is the number of model processes at once, if it is
    not to be chosen.

    Raises:
        MsmError: if a file that a stage reads is not there, or its work fails.
        SetupError: before any weights are downloaded, if training will not fit, unless `any_memory`.
    """
    plan = plan_run(recipe, known_fingerprints(recipe, run))  # before the folder is made: it may be refused
    with run.lock():
        load = load_each_once()
        options: dict[str, Any] = {"any_memory": any_memory, "choice": choice, "processes": processes}
        execute(prepare(plan, run, report, kinds, load, **options), report)


def prepare(
    plan: RunPlan,
    run: RunFolder,
    report: Reporter,
    kinds: Sequence[Kind],
    load: LoadRenderer,
    *,
    any_memory: bool = False,
    choice: Choice = EVERYTHING,
    processes: int | None = None,
) -> PreparedRun:
    """Fetch what a run needs, and refuse what is known not to work, before anything is written. See `run_recipe`."""
    recipe = plan.recipe
    preflight.refuse_ranks_of_writers(recipe, launched=is_launched())
    for line in (
        *preflight.unused_stages(recipe),
        *preflight.unmeasured_arms(recipe),
        *preflight.foreign_specs(plan.specs),
    ):
        report.say(line)
    due = due_stages(plan_status(plan, run), kinds)
    if not any_memory:
        preflight.check_memory(plan, due, report)
    preflight.check_disk(plan, due, run)
    base = resolve_model(recipe.model, say=report.say)
    template, day = read_template(base.folder, recipe.chat_template), frozen_date(run)
    base = base.rendering(template.choice(day))
    preflight.check_template(run, recipe.chat_template or base.folder, template, kinds)
    others = {
        role: _resolve(name, day, report)
        for role, name in recipe.others.items()
        if not WORK[duty_of(role)].isdisjoint(kinds)
    }
    fetched = _fetch_texts(recipe, kinds) | _fetch_adapters(recipe, kinds)
    plan = _with_models(plan, run, base, others, fetched=fetched)
    stages = [stage for stage in narrow_plan(plan, choice, run) if stage.kind in kinds]
    adapters = record_adapters(plan, base.folder, template)
    for line in (line for one in adapters.values() for line in one.notes):
        report.say(line)
    refuse_mismatches(status_of(stages, run), run)
    preflight.check_ready(stages, run)
    preflight.check_room(stages)
    preflight.require_inputs(stages, run)
    status = plan_status(plan, run)
    refuse_long_prompts(recipe, status, kinds, base, others, report, load)
    preflight.rehearse(plan, status, base, run, report, kinds, load)
    preflight.check_adapters(stages, plan, base, run, report)
    due = due_stages(status, kinds)
    due_kinds = {stage.kind for stage in due}
    tries_base = not (due_kinds.isdisjoint(MAKE_TEXTS) or due_kinds.isdisjoint(USE_BASE))
    side_by_side = choose_processes(recipe, due, processes)
    return PreparedRun(plan, run, base, template, others, stages, tries_base, adapters, side_by_side)


def execute(prepared: PreparedRun, report: Reporter) -> None:
    """Do the work of a run whose folder is locked."""
    recipe, run, base, others = prepared.plan.recipe, prepared.run, prepared.base, prepared.others
    write_text(run.path / TEMPLATE, prepared.template.text)
    run.keep_recipe(recipe.resolved())
    model = {**_named(base), "chat_template": prepared.template.record()}
    named = {role: _named(ref) for role, ref in others.items()}
    sampling = choose_sampling(recipe, prepared.plan.models.generation)
    for line in sampling_in_words(sampling):
        report.say(line)
    facts = {"date": frozen_date(run), "sampling": plain_sampling(sampling), "versions": versions()}
    adapters = {"adapters": {arm: asdict(one) for arm, one in prepared.adapters.items()}} if prepared.adapters else {}
    run.describe(recipe=recipe.name, model=model, **adapters, **facts, **named)
    status = status_of(prepared.stages, run)
    report.plan({stage.id: stage.total for stage, one in status if not one.cached})
    if prepared.processes.reason:
        report.say(prepared.processes.reason)
    with closing(_context(prepared, report)) as context:
        if is_launched():
            context.join()
        elif prepared.tries_base:
            context.try_base()
        work_through(prepared.stages, context, prepared.processes.count)
    run.arrange([stage.id for stage in prepared.stages])


def _context(prepared: PreparedRun, report: Reporter) -> Context:
    """That of the main thread."""
    several, turn = prepared.processes.count > 1, RLock()
    reporter = TurnsReporter(report, turn) if several else report
    recipe, others = prepared.plan.recipe, prepared.others
    return Context(recipe, prepared.base, prepared.run, reporter, others, side_by_side=several, turn=turn)


def follow_run(recipe: Recipe, report: Reporter) -> None:
    """What a process of `mlx.launch` other than the first does: write and train along. It needs the models alone."""
    names = {"base": recipe.model} | {role: name for role, name in recipe.others.items() if role == "writer"}
    folders = {role: resolve_model(name, say=report.say).folder for role, name in names.items()}
    from msm_mlx.engine.limits import bounded_memory
    from msm_mlx.engine.loaded_model import ModelCache
    from msm_mlx.engine.ranks import join_ranks
    from msm_mlx.worker.follower import follow

    ranks, models = join_ranks(), ModelCache()
    report.say(f"Rank {ranks.rank} of {ranks.size} writes and trains along.")
    with bounded_memory():
        follow(lambda job: models.load(folders[job.role], job.choice), ranks)


def versions() -> dict[str, str]:
    """What the figures of a run depend on besides its inputs."""
    packages = {name: metadata.version(name) for name in ("msm-mlx", "mlx", "mlx-lm", "numpy")}
    return packages | {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}


def _with_models(
    plan: RunPlan, run: RunFolder, base: ModelRef, others: Mapping[Role, ModelRef], *, fetched: bool
) -> RunPlan:
    """The plan over the models that are here now: the same plan, unless something was not known before."""
    models = replace(known_fingerprints(plan.recipe, run, others, base), base=base.fingerprint)
    return plan if models == plan.models and not fetched else plan_run(plan.recipe, models)


def _fetch_texts(recipe: Recipe, kinds: Sequence[Kind]) -> bool:
    """Bring the texts of the hub that are due into its cache, from where they are read; whether there are any.

    Before anything else, so that their commit is a part of the stage's key.
    """
    sources = [source for source in text_sources(recipe, kinds) if source.startswith(HUB)]
    for source in sources:
        data_files(source)
    return bool(sources)


def _fetch_adapters(recipe: Recipe, kinds: Sequence[Kind]) -> bool:
    """Bring the adapters of the hub into its cache, if their stages are to run; whether there are any."""
    sources = [source for source in recipe.adapters.values() if source.startswith(HUB) and "adapter" in kinds]
    for source in sources:
        fetch_adapter(source)
    return bool(sources)


def _resolve(name: str, day: str, report: Reporter) -> ModelRef:
    """Another model of the recipe, which is told the date of the run too."""
    ref = resolve_model(name, say=report.say)
    return ref.rendering(read_template(ref.folder).choice(day))


def _named(model: ModelRef) -> dict[str, Any]:
    generation = read_generation_config(model.folder)
    return {
        "name": model.name,
        "revision": model.revision,
        "fingerprint": model.fingerprint,
        "generation": generation,
    }
