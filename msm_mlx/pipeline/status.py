"""Which stages of a run are due, and why (not)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msm_mlx.errors import RecipeError
from msm_mlx.models.chat_template import AS_IT_STANDS, read_template
from msm_mlx.models.generation_config import read_generation_config
from msm_mlx.models.hub import ModelRef, is_local, render_fingerprint, resolve_model
from msm_mlx.pipeline.plan import Fingerprints, RunPlan
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.recipe.load import Recipe, Role
from msm_mlx.recipe.sampling import ModelSampling
from msm_mlx.runs.folder import RunFolder, Status
from msm_mlx.runs.layout import CELLS

StageStatus = list[tuple[Stage, Status]]
"""Stages in the order in which they run, with what a run would do about each."""


def check_stage(run: RunFolder, stage: Stage) -> Status:
    """Whether `stage` has to run, and why (not)."""
    if missing := stage.missing(run):
        return Status(False, f"waits for {missing}")
    status = run.status(stage.id, stage.inputs(run), stage.writes, stage.claim)
    if status.from_elsewhere and (reason := stage.mismatch(run)):
        return Status(False, reason, refused=True)
    return status


def plan_status(plan: RunPlan, run: RunFolder) -> StageStatus:
    """Every stage with what a run would do about it, without loading or downloading anything."""
    return status_of(plan.stages, run)


def due_stages(status: StageStatus, kinds: Collection[Kind]) -> list[Stage]:
    """The stages of these kinds that would do their work."""
    return [stage for stage, one in status if not one.cached and stage.kind in kinds]


def status_of(stages: Sequence[Stage], run: RunFolder) -> StageStatus:
    """These stages, in the order in which they run, with what a run would do about each."""
    rows: StageStatus = []
    made_by: dict[str, str] = {}  # files that are to be made, and the stage that makes each
    for stage in stages:
        makers = [made_by[name] for name in stage.reads if name in made_by]
        status = _status_after(run, stage, made_by, makers[0]) if makers else check_stage(run, stage)
        rows.append((stage, status))
        if not status.cached:
            made_by |= dict.fromkeys(stage.writes, stage.id)
    return rows


def _status_after(run: RunFolder, stage: Stage, unmade: Collection[str], maker: str) -> Status:
    """That of a stage that reads what `maker` is to make: whether a person's file is in its way is known already."""
    if any(name not in unmade and not (run.path / name).exists() for name in stage.reads):
        return Status(False, f"after {maker}")
    status = run.status(stage.id, stage.inputs(run, unmade), stage.writes, stage.claim)
    return status if status.refused else Status(False, f"after {maker}")


def refuse_mismatches(stages: StageStatus, run: RunFolder) -> None:
    """Raises RecipeError if files that a person has put there or changed are about something else than these stages."""
    refused = [status.reason for _, status in stages if status.refused]
    if refused:
        raise RecipeError("\n".join(f"{run.path}: {reason}" for reason in refused))


def known_fingerprints(
    recipe: Recipe,
    run: RunFolder,
    resolved: Mapping[Role, ModelRef] = MappingProxyType({}),
    base_here: ModelRef | None = None,
) -> Fingerprints:
    """The models that a run would use, as far as that is known offline: for one of the hub, that of the last run in the
    folder. Those that are `resolved`, and the base if it is here, are known."""
    record, day = run.record(), frozen_date(run)
    others: dict[Role, str] = {
        role: resolved[role].fingerprint if role in resolved else _known_fingerprint(name, record.get(role), day)
        for role, name in recipe.others.items()
    }
    base = _known_fingerprint(recipe.model, record.get("model"), day, recipe.chat_template)
    writer = recipe.others.get("writer")
    generation = ModelSampling(
        _known_generation(recipe.model, base_here, record.get("model")),
        _known_generation(writer, resolved.get("writer"), record.get("writer")) if writer else None,
    )
    return Fingerprints(base, others, generation)


def frozen_date(run: RunFolder) -> str:
    """The day that chat templates are told in this run: that of its beginning, whenever it goes on.

    All cells of a grid have that of the grid, or their figures could not be held against each other.
    """
    folder = run.path.parent
    grid = RunFolder(folder.parent).record().get("date") if folder.name == CELLS else None
    return str(run.record().get("date") or grid or date.today().isoformat())


def _known_generation(name: str, here: ModelRef | None, before: Mapping[str, Any] | None) -> dict[str, float] | None:
    """What a model says of its sampling; None if that is not known yet."""
    if here or is_local(name):
        return read_generation_config((here or resolve_model(name)).folder)
    return dict(before["generation"]) if before and before.get("name") == name and "generation" in before else None


def model_for(role: Role, recipe: Recipe, run: RunFolder) -> ModelRef:
    """The model that has a role in a recipe, with the chat template and the date that it is told in this run.

    Raises:
        SetupError: if it is not there, or its template cannot be used.
    """
    name = recipe.others.get(role)
    base = resolve_model(name or recipe.model)
    template = read_template(base.folder, None if name else recipe.chat_template)
    return base.rendering(template.choice(frozen_date(run)))


def _known_fingerprint(name: str, before: Mapping[str, Any] | None, day: str, template: Path | None = None) -> str:
    """That of a model on this machine, else what the record says if it is `before` about the same model."""
    if is_local(name):
        ref = resolve_model(name)
        return ref.rendering(read_template(ref.folder, template).choice(day)).fingerprint
    if not before or before.get("name") != name:
        return ""
    recorded = str(before.get("fingerprint", ""))
    if template is not None:
        return render_fingerprint(recorded, read_template(Path(), template).choice(day))
    is_own = before.get("chat_template", {}).get("source") != "recipe"
    return recorded if is_own else render_fingerprint(recorded, AS_IT_STANDS)
