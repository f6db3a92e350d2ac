"""Trying the writer of a recipe: a few drafts of each spec, of which nothing stays behind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from msm_mlx.documents.plan import plan_documents
from msm_mlx.documents.tryout import Draft, write_drafts
from msm_mlx.errors import RecipeError
from msm_mlx.models.renderers import load_each_once
from msm_mlx.pipeline.context import Context
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.runner import prepare
from msm_mlx.pipeline.stages.documents import WrittenDocuments
from msm_mlx.pipeline.status import known_fingerprints
from msm_mlx.progress import Reporter
from msm_mlx.recipe.arms import MSM
from msm_mlx.recipe.load import Recipe
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.folder import RunFolder


def try_writer(
    recipe: Recipe, count: int, report: Reporter, on_draft: Callable[[Draft, int], None]
) -> tuple[list[Draft], DocumentSettings]:
    """`count` drafts, the specs in turn, and the settings that they were written with.

    They are the first documents that a run would ask for, but for the ideas, which take time. `on_draft` hears of each
    draft and of how many there are to be.

    Raises:
        RecipeError: if nobody writes documents for this recipe, or it is refused for another reason.
    """
    with TemporaryDirectory(prefix="msm-mlx-") as folder:
        run = RunFolder(Path(folder) / "run")
        plan = plan_run(recipe, known_fingerprints(recipe, run))
        if not plan.of(WrittenDocuments):
            raise RecipeError(f"{recipe.path}: nobody writes documents: they are ready-made, or no arm reads any")
        with run.lock():
            prepared = prepare(plan, run, report, ["plan", "documents"], load_each_once())
            written = [stage for stage in prepared.stages if isinstance(stage, WrittenDocuments)]
            stages = [stage for stage in written if stage.training == MSM]
            drafts: list[Draft] = []
            with closing(Context(recipe, prepared.base, run, report, prepared.others)) as context:
                for number, stage in enumerate(stages):
                    share = len(range(number, count, len(stages)))
                    settings = stage.settings.model_copy(update={"count": share})
                    slots = plan_documents(stage.spec, settings)
                    assignment = replace(stage.assignment(), settings=settings)
                    for draft in write_drafts(assignment, slots, context.writer(lambda begun, tokens: None)):
                        drafts.append(draft)
                        on_draft(draft, count)
            return drafts, stages[0].settings
