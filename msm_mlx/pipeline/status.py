"""Which stages of a run are due, and why (not)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msm_mlx.models.hub import ModelRef, is_local, resolve_model
from msm_mlx.pipeline.plan import Fingerprints, RunPlan
from msm_mlx.pipeline.stage import Stage
from msm_mlx.recipe.load import Recipe, Role
from msm_mlx.runs.folder import RunFolder, Status


def check_stage(run: RunFolder, stage: Stage) -> Status:
    """Whether `stage` has to run, and why (not)."""
    if missing := stage.missing(run):
        return Status(False, f"waits for {missing}")
    return run.status(stage.id, stage.inputs(run), stage.writes)


def plan_status(plan: RunPlan, run: RunFolder) -> list[tuple[Stage, Status]]:
    """Every stage with what a run would do about it, without loading or downloading anything."""
    rows: list[tuple[Stage, Status]] = []
    made_by: dict[str, str] = {}  # files that are to be made, and the stage that makes each
    for stage in plan.stages:
        makers = [made_by[name] for name in stage.reads if name in made_by]
        status = Status(False, f"after {makers[0]}") if makers else check_stage(run, stage)
        rows.append((stage, status))
        if not status.cached:
            made_by |= dict.fromkeys(stage.writes, stage.id)
    return rows


def known_fingerprints(
    recipe: Recipe, run: RunFolder, resolved: Mapping[Role, ModelRef] = MappingProxyType({})
) -> Fingerprints:
    """The models that a run would use, as far as that is known offline: for one of the hub, that of the last run in the
    folder. Those that are `resolved` are known."""
    record = run.record()
    others: dict[Role, str] = {
        role: resolved[role].fingerprint if role in resolved else _known_fingerprint(name, record.get(role))
        for role, name in recipe.others.items()
    }
    return Fingerprints(_known_fingerprint(recipe.model, record.get("model")), others)


def _known_fingerprint(name: str, before: Mapping[str, Any] | None) -> str:
    """That of a model on this machine, else what the record says if it is `before` about the same model."""
    if is_local(name):
        return resolve_model(name).fingerprint
    return str(before.get("fingerprint", "")) if before and before.get("name") == name else ""
