"""Has stages done, in one thread or several: decides which are needed, does their work, and records what came out.

Threads are for small models on a CPU, where one process leaves cores idle. All that the threads beside the main one do
is in model processes, of which each has one; what has a model in this process is for the main thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.pipeline.context import Context
from msm_mlx.pipeline.schedule import Schedule
from msm_mlx.pipeline.seed_figures import seed_figures
from msm_mlx.pipeline.stage import Stage
from msm_mlx.pipeline.status import check_stage, refuse_mismatches


def work_through(stages: Sequence[Stage], context: Context, processes: int = 1) -> None:
    """Bring all stages up to date, in as many threads as there are to be model processes.

    Raises:
        MsmError: as soon as the stages that run are done, if one of them fails.
        KeyboardInterrupt: once every model process has saved where it was.
    """
    schedule = Schedule(stages)
    threads = [_ThreadBeside(schedule, context.beside(number)) for number in range(1, processes)]
    try:
        for thread in threads:
            thread.start()
        _work(schedule, context, main=True)
        for thread in threads:
            thread.join()
    finally:
        schedule.stop()
        for thread in threads:
            thread.stop()
    for error in (thread.error for thread in threads if thread.error):
        raise error


class _ThreadBeside(threading.Thread):
    """Does what the main thread need not do. It ends with this process, and with it its model process."""

    def __init__(self, schedule: Schedule, context: Context) -> None:
        super().__init__(daemon=True)
        self._schedule, self._context = schedule, context
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with closing(self._context):
                _work(self._schedule, self._context, main=False)
        except BaseException as error:  # the main thread raises it
            self.error = error
            self._schedule.stop()

    def stop(self) -> None:
        """Have it end, and wait for that."""
        if self.is_alive():
            self._context.stop()
            self.join()


def _work(schedule: Schedule, context: Context, *, main: bool) -> None:
    """Do one stage after another, and report each seed that is complete."""
    while stage := schedule.take(main=main):
        worked = run_stage(stage, context)
        for seed in schedule.done(stage, worked=worked):
            figures = seed_figures(context.run.path, schedule.stages, seed)
            with context.turn:
                context.run.event("complete", seed=seed)
                context.report.complete(seed, figures)


def run_stage(stage: Stage, context: Context) -> bool:
    """Bring one stage up to date: leave it, copy it from a run that did the same, or do its work; whether it did."""
    run, report = context.run, context.report
    started = time.monotonic()
    with context.turn:
        is_due = _begin(stage, context)
    if is_due:
        with _noting_failure(stage, context):
            stage.run(context)
        with context.turn:
            seconds = time.monotonic() - started
            run.finish(stage.id, stage.writes, seconds)
            report.finish(stage.id, seconds)
    return is_due


def _begin(stage: Stage, context: Context) -> bool:
    """Record that a stage begins, if it does; else what is there instead of its work."""
    run, report = context.run, context.report
    started = time.monotonic()
    status = check_stage(run, stage)
    if stage.missing(run):
        raise MsmError(f"{run.path}: {stage.id} {status.reason}; run the stage that makes it first, or `msm-mlx run`")
    refuse_mismatches([(stage, status)], run)
    inputs = stage.inputs(run)
    if status.cached:
        run.keep(stage.id, inputs, stage.writes, stage.claim)
        report.skip(stage.id, status.reason)
        return False
    grew = run.grew(stage.id, inputs, stage.grows_with)
    if grew:
        stage.drop_stale(run)
    kept = run.set_aside(stage.keeps) if grew else []
    run.begin(stage.id, inputs, stage.writes, stage.scratch, keeping=kept, claim=stage.claim)
    if neighbour := run.borrow(stage.id, inputs, stage.writes):
        run.finish(stage.id, stage.writes, time.monotonic() - started, borrowed_from=neighbour)
        report.skip(stage.id, f"copied from the run {neighbour}, which did it from the same inputs")
        return False
    context.stage = stage.id
    report.begin(stage.id, status.reason, stage.total, stage.unit)
    return True


@contextmanager
def _noting_failure(stage: Stage, context: Context) -> Iterator[None]:
    """Let the record say why a stage failed, where it can be written, and the error of a training which one it was.

    Raises:
        MsmError: what was raised within.
    """
    try:
        yield
    except MsmError as error:
        with suppress(MsmError):
            context.note(stage.id, failure=str(error))
        if stage.kind not in ("midtrain", "sft"):
            raise
        kind = next(kind for kind in (RecipeError, SetupError, MsmError) if isinstance(error, kind))
        raise kind(f"{stage.id}: {error}") from error
