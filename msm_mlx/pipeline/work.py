"""Has stages done: decides which are needed, does their work, and records what came out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from msm_mlx.errors import MsmError
from msm_mlx.pipeline.context import Context
from msm_mlx.pipeline.schedule import Schedule
from msm_mlx.pipeline.seed_figures import seed_figures
from msm_mlx.pipeline.stage import Stage
from msm_mlx.pipeline.status import check_stage, refuse_mismatches
from msm_mlx.runs.folder import RunFolder


def work_through(stages: Sequence[Stage], context: Context) -> None:
    """Bring all stages up to date, and report each seed that is complete."""
    schedule = Schedule(stages)
    while stage := schedule.take():
        worked = run_stage(stage, context)
        for seed in schedule.done(stage, worked=worked):
            context.run.event("complete", seed=seed)
            context.report.complete(seed, seed_figures(context.run.path, stages, seed))


def run_stage(stage: Stage, context: Context) -> bool:
    """Bring one stage up to date: leave it, copy it from a run that did the same, or do its work; whether it did."""
    run, report = context.run, context.report
    status = check_stage(run, stage)
    if stage.missing(run):
        raise MsmError(f"{stage.id} {status.reason} in {run.path}; run the stage that makes it first, or `msm-mlx run`")
    refuse_mismatches([(stage, status)], run)
    inputs = stage.inputs(run)
    if status.cached:
        run.keep(stage.id, inputs, stage.writes, stage.claim)
        report.skip(stage.id, status.reason)
        return False
    started = time.monotonic()
    grew = run.grew(stage.id, inputs, stage.grows_with)
    if grew:
        stage.drop_stale(run)
    kept = run.set_aside(stage.keeps) if grew else []
    run.begin(stage.id, inputs, stage.writes, stage.scratch, keeping=kept, claim=stage.claim)
    if neighbour := run.borrow(stage.id, inputs, stage.writes):
        run.finish(stage.id, stage.writes, time.monotonic() - started, borrowed_from=neighbour)
        report.skip(stage.id, f"copied from the run {neighbour}, which did it from the same inputs")
        return False
    report.begin(stage.id, status.reason, stage.total, stage.unit)
    context.stage = stage.id
    with _noting_failure(run, stage):
        stage.run(context)
    seconds = time.monotonic() - started
    run.finish(stage.id, stage.writes, seconds)
    report.finish(stage.id, seconds)
    return True


@contextmanager
def _noting_failure(run: RunFolder, stage: Stage) -> Iterator[None]:
    """Let the record say why a stage failed, where it can still be written."""
    try:
        yield
    except MsmError as error:
        with suppress(MsmError):
            run.note(stage.id, failure=str(error))
        raise
