"""How fast those who write documents are on this machine, as a short probe measures it."""

from __future__ import annotations

from contextlib import closing

from msm_mlx.documents.time_estimate import Pace, measure_pace, slots_by_writer
from msm_mlx.pipeline.context import Context
from msm_mlx.pipeline.plan import RunPlan
from msm_mlx.pipeline.stages.document_plan import DocumentPlan
from msm_mlx.pipeline.status import model_for
from msm_mlx.progress import SilentReporter
from msm_mlx.recipe.load import duty_of
from msm_mlx.runs.folder import RunFolder


def measure_paces(plan: RunPlan, run: RunFolder) -> dict[str, Pace]:
    """The pace of each writer, by its name; under an empty name if there is one alone. Empty if the plan, which is on
    disk, has no document.

    Raises:
        MsmError: if a writer is not there, or a server refuses the request.
    """
    recipe = plan.recipe
    stage = next((stage for stage in plan.of(DocumentPlan) if stage.slots(run)), None)
    if stage is None:
        return {}
    others = {role: model_for(role, recipe, run) for role in recipe.others if duty_of(role) == "writer"}
    with closing(Context(recipe, model_for("base", recipe, run), run, SilentReporter(), others)) as context:
        return {
            name: measure_pace(context.one_writer(name), part, stage.spec, stage.settings)
            for name, part in slots_by_writer(stage.slots(run), stage.settings).items()
            if part
        }
