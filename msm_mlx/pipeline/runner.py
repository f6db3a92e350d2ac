"""Runs stages: decides which are needed, has their work done, and records what came out."""

from __future__ import annotations

import platform
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from importlib import metadata
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msm_mlx.datasets import HUB, data_files, pinned
from msm_mlx.documents.sources import ready_texts
from msm_mlx.engine.launch import is_launched
from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.files import write_text
from msm_mlx.models.chat_template import ChatTemplate, read_template
from msm_mlx.models.hub import ModelRef, is_local, model_config, resolve_model
from msm_mlx.pipeline.context import Workshop
from msm_mlx.pipeline.plan import list_stages
from msm_mlx.pipeline.reevaluation import EVERYTHING, Choice, drop_stale_answers, narrow
from msm_mlx.pipeline.stage import KINDS, Kind, Stage
from msm_mlx.progress import Reporter
from msm_mlx.recipe.load import Recipe, Role
from msm_mlx.resources.blas import load_openblas
from msm_mlx.runs.folder import RunFolder, Status
from msm_mlx.runs.layout import TEMPLATE

if TYPE_CHECKING:
    from msm_mlx.documents.plan import Slot
    from msm_mlx.spec import Spec


WORK: dict[Role, set[Kind]] = {
    "writer": {"plan", "documents", "demonstrations"},
    "critic": {"critique"},
    "judge": {"judge"},
}


def check_stage(run: RunFolder, stage: Stage) -> Status:
    """Whether `stage` has to run, and why (not)."""
    inputs = stage.inputs(run.path)
    if inputs is None:
        missing = next(name for name in stage.reads if not (run.path / name).exists())
        return Status(False, f"waits for {missing}")
    return run.status(stage.id, inputs, stage.writes)


def base_fingerprint(recipe: Recipe, run: RunFolder) -> str:
    """Which base model a run would use, as far as that is known offline: for a model of the hub, that of the last run
    in the folder."""
    if is_local(recipe.model):
        return resolve_model(recipe.model).fingerprint
    return str(run.record().get("model", {}).get("fingerprint", ""))


def other_fingerprints(
    recipe: Recipe, run: RunFolder, resolved: Mapping[Role, ModelRef] = MappingProxyType({})
) -> dict[Role, str]:
    """The other models that a run would use: those that are `resolved`, and of the rest what is known offline."""
    record = run.record() if recipe.others else {}
    found: dict[Role, str] = {}
    for role, name in recipe.others.items():
        before = record.get(role) or {}
        if role in resolved:
            found[role] = resolved[role].fingerprint
        elif is_local(name):
            found[role] = resolve_model(name).fingerprint
        elif before.get("name") == name:
            found[role] = str(before.get("fingerprint", ""))
    return found


def plan_recipe(recipe: Recipe, run: RunFolder) -> list[tuple[Stage, Status]]:
    """Every stage with what a run would do about it, without loading or downloading anything."""
    plan: list[tuple[Stage, Status]] = []
    made_by: dict[str, str] = {}  # files that are to be made, and the stage that makes each
    for stage in list_stages(recipe, base_fingerprint(recipe, run), other_fingerprints(recipe, run)):
        makers = [made_by[name] for name in stage.reads if name in made_by]
        status = Status(False, f"after {makers[0]}") if makers else check_stage(run, stage)
        plan.append((stage, status))
        if not status.cached:
            made_by |= dict.fromkeys(stage.writes, stage.id)
    return plan


def run_recipe(
    recipe: Recipe,
    run: RunFolder,
    report: Reporter,
    kinds: Sequence[Kind] = KINDS,
    *,
    any_memory: bool = False,
    choice: Choice = EVERYTHING,
) -> None:
    """Bring every stage of the given kinds up to date. Stages of other kinds must be there already.

    Of the evaluation, only what is in `choice` is asked.

    Raises:
        MsmError: if a file that a stage reads is not there, or its work fails.
        SetupError: before any weights are downloaded, if training will not fit, unless `any_memory`.
    """
    with run.lock():
        if not any_memory:
            _check_memory(recipe, run, report, kinds)
        base = resolve_model(recipe.model, say=report.say)
        template = read_template(base.folder)
        _check_template(run, template, kinds)
        others = {
            role: resolve_model(name, say=report.say)
            for role, name in recipe.others.items()
            if not WORK[role].isdisjoint(kinds)
        }
        if "documents" in kinds:
            _fetch_ready(recipe)
        planned = list_stages(recipe, base.fingerprint, other_fingerprints(recipe, run, others))
        stages = [stage for stage in narrow(recipe, planned, choice, run) if stage.kind in kinds]
        _check_ready(recipe, stages, run)
        _require_inputs(stages, run)
        _check_adapters(stages, planned, base, run, report)
        write_text(run.path / TEMPLATE, template.text)
        run.keep_recipe(recipe.resolved())
        model = {**_named(base), "chat_template": template.record()}
        named = {role: _named(ref) for role, ref in others.items()}
        run.describe(recipe=recipe.name, model=model, versions=versions(), **named)
        workshop = Workshop(recipe, base, run, report, others)
        with closing(workshop):
            if is_launched():
                workshop.join()
            for stage in stages:
                _run_stage(stage, workshop)


def _fetch_ready(recipe: Recipe) -> None:
    """Bring ready-made documents of the hub into its cache, from where they are read; before, so that their commit is a
    part of the stage's key."""
    sources = (recipe.settings.documents.source_of(spec.stem) for spec in recipe.specs)
    for source in dict.fromkeys(source for source in sources if source and source.startswith(HUB)):
        data_files(source)


def _check_ready(recipe: Recipe, stages: Sequence[Stage], run: RunFolder) -> None:
    """Raises RecipeError if ready-made documents that are due cannot be read, before those that are there go."""
    for stage in stages:
        if stage.ready and not check_stage(run, stage).cached:
            deque(ready_texts(pinned(stage.ready), recipe.settings.documents.field), maxlen=0)


def _require_inputs(stages: Sequence[Stage], run: RunFolder) -> None:
    """Raises MsmError if a file that a stage reads is neither there nor made by a stage before it."""
    made: set[str] = set()
    for stage in stages:
        for name in stage.reads:
            if name not in made and not (run.path / name).exists():
                raise MsmError(
                    f"{stage.id} waits for {name} in {run.path}; run the stage that makes it first, or `msm-mlx run`"
                )
        made.update(stage.writes)


def _check_adapters(
    stages: Sequence[Stage], planned: Sequence[Stage], base: ModelRef, run: RunFolder, report: Reporter
) -> None:
    """Say which adapters were trained from other inputs than the recipe has now, and are read as they are.

    Raises RecipeError if one was trained over another base: over this one it would mean nothing.
    """
    due = {name for stage in stages for name in stage.reads} - {name for stage in stages for name in stage.writes}
    recorded = run.record()["stages"]
    for stage in planned:
        if stage.kind not in ("midtrain", "sft") or due.isdisjoint(stage.writes):
            continue
        before = recorded.get(stage.id, {}).get("inputs", {}).get("base", base.fingerprint)
        if before != base.fingerprint:
            raise RecipeError(
                f"{run.path}: {stage.id} was done over another version of {base.name}, which is no longer here; train "
                "it again with `msm-mlx run`"
            )
        status = check_stage(run, stage)
        if not status.cached:
            report.say(f"{stage.id}: {status.reason}; its adapter is used as it is.")


def _check_template(run: RunFolder, template: ChatTemplate, kinds: Sequence[Kind]) -> None:
    """Raises RecipeError if only some of the stages are asked for and the others were done with another template.

    A whole run does them again: the template is a part of the base's fingerprint.
    """
    before = run.record().get("model", {}).get("chat_template", {}).get("sha256", template.sha256)
    if before != template.sha256 and set(kinds) != set(KINDS):
        raise RecipeError(
            f"{run.path}: the model's chat template has changed since the arms were trained (their own is in "
            f"{run.path / TEMPLATE}); put it back, or train them again with `msm-mlx run`"
        )


def _named(model: ModelRef) -> dict[str, Any]:
    return {"name": model.name, "revision": model.revision, "fingerprint": model.fingerprint}


def versions() -> dict[str, str]:
    """What the figures of a run depend on besides its inputs."""
    packages = {name: metadata.version(name) for name in ("msm-mlx", "mlx", "mlx-lm", "numpy")}
    return packages | {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}


def follow_run(recipe: Recipe, report: Reporter) -> None:
    """What a process of `mlx.launch` other than the first does: write and train along. It needs the models alone."""
    names = {"base": recipe.model} | {role: name for role, name in recipe.others.items() if role == "writer"}
    folders = {role: resolve_model(name, say=report.say).folder for role, name in names.items()}
    load_openblas()
    from msm_mlx.engine.limits import bounded_memory
    from msm_mlx.engine.loaded_model import OneModel
    from msm_mlx.engine.ranks import join_ranks
    from msm_mlx.worker.follower import follow

    ranks, models = join_ranks(), OneModel()
    report.say(f"Rank {ranks.rank} of {ranks.size} writes and trains along.")
    with bounded_memory():
        follow(lambda role: models.load(folders[role]), ranks)


def _check_memory(recipe: Recipe, run: RunFolder, report: Reporter, kinds: Sequence[Kind]) -> None:
    from msm_mlx.pipeline.cost import forecast, refuse_what_does_not_fit
    from msm_mlx.resources.machine import this_machine
    from msm_mlx.resources.memory import ModelShape

    due = [stage for stage, status in plan_recipe(recipe, run) if not status.cached and stage.kind in kinds]
    if not any(stage.kind in ("midtrain", "sft") for stage in due):
        return
    config = model_config(recipe.model)
    try:
        shape = ModelShape.from_config(config)
    except MsmError as error:
        report.say(f"Memory: {error}.")
        return
    machine = this_machine()
    refuse_what_does_not_fit(forecast(recipe, shape, machine), machine, due)


def _run_stage(stage: Stage, workshop: Workshop) -> None:
    run, report = workshop.run, workshop.report
    status = check_stage(run, stage)
    if status.cached:
        report.skip(stage.id, status.reason)
        return
    inputs = stage.inputs(run.path)
    assert inputs is not None
    started = time.monotonic()
    grew = run.grew(stage.id, inputs, stage.grows_with)
    if grew and stage.kind == "evaluate":
        drop_stale_answers(stage, run)
    kept = run.set_aside(stage.keeps) if grew else []
    run.begin(stage.id, inputs, [name for name in (*stage.writes, *stage.scratch) if name not in kept])
    if neighbour := run.borrow(inputs, stage.writes):
        run.finish(stage.id, stage.writes, time.monotonic() - started, borrowed_from=neighbour)
        report.skip(stage.id, f"copied from the run {neighbour}, which did it from the same inputs")
        return
    report.begin(stage.id, status.reason, stage.total, stage.unit)
    workshop.work(stage)
    seconds = time.monotonic() - started
    run.finish(stage.id, stage.writes, seconds)
    report.finish(stage.id, seconds)


def planned_slots(recipe: Recipe, run: RunFolder) -> Iterator[tuple[str, Spec, list[Slot]]]:
    """The plan of each spec: its file in the run folder, the spec, and the slots."""
    from msm_mlx.documents.plan_file import read_plan
    from msm_mlx.spec import load_spec

    for stage in list_stages(recipe, ""):
        if stage.kind == "plan" and stage.spec is not None:
            spec = load_spec(stage.spec, model_name=recipe.model_name, provider_name=recipe.provider_name)
            [file] = stage.writes
            yield file, spec, read_plan(run.path / file, spec, recipe.settings.documents)
