"""Which stage of a run comes next, so that several threads can do them, and with which stage a seed is complete."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from msm_mlx.pipeline.stage import Stage


class Schedule:
    """The stages that are left to do, in order. A stage waits for those before it whose files it reads, and for no
    others."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)
        self._waiting = list(stages)
        self._running: list[Stage] = []
        self._asked = {stage.seed for stage in stages if stage.kind == "evaluate" and stage.seed is not None}
        self._worked_on: set[int | None] = set()
        self._changed = threading.Condition()
        self._stopped = False

    def take(self, *, main: bool = True) -> Stage | None:
        """The next stage for this thread, as soon as there is one; None if there will be none, or all are to stop.

        main: whether this is the main thread, which alone does stages that are not `on_any_thread`.
        """
        with self._changed:
            while not self._stopped and any(main or stage.on_any_thread for stage in self._waiting):
                if stage := self._first_ready(main=main):
                    self._waiting.remove(stage)
                    self._running.append(stage)
                    return stage
                self._changed.wait()
            return None

    def _first_ready(self, *, main: bool) -> Stage | None:
        unmade = {name for stage in self._running for name in stage.writes}
        for stage in self._waiting:
            if (main or stage.on_any_thread) and unmade.isdisjoint(stage.reads):
                return stage
            unmade.update(stage.writes)
        return None

    def done(self, stage: Stage, *, worked: bool) -> list[int]:
        """Take a stage that was given out as done, by work or because nothing was to do.

        Returns:
            The seeds that are complete with it: every arm is trained with them and has answered, in part by work of
            now.
        """
        with self._changed:
            self._running.remove(stage)
            if worked:
                self._worked_on.add(stage.seed)
            self._changed.notify_all()
            left = [*self._waiting, *self._running]
            seeds = {one.seed for one in left if one.seed is not None or one.kind == "evaluate"}
            complete = set() if None in seeds else self._asked - seeds
            self._asked -= complete
            return sorted(complete & self._worked_on)

    def stop(self) -> None:
        """Give out no more stages."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
