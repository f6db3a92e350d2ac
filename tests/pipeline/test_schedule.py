"""Which stage comes next, what a stage waits for, and when a seed is complete."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Thread
from typing import Any, ClassVar

import pytest
from helpers.plans import MODELS, recipe

from msm_mlx.pipeline.context import Context
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.schedule import Schedule
from msm_mlx.pipeline.stage import Kind, Stage


@dataclass(frozen=True, kw_only=True)
class Step(Stage):
    """Makes a file of its own name from others."""

    unit: ClassVar[str] = "files"
    total: ClassVar[int] = 1
    key: ClassVar[dict[str, Any]] = {}

    name: str
    after: tuple[str, ...] = ()
    sort: Kind = "sft"
    number: int | None = None
    light: bool = True

    @property
    def kind(self) -> Kind:
        return self.sort

    @property
    def id(self) -> str:
        return self.name

    @property
    def seed(self) -> int | None:
        return self.number

    @property
    def on_any_thread(self) -> bool:
        return self.light

    @property
    def reads(self) -> tuple[str, ...]:
        return self.after

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.id,)

    def run(self, context: Context) -> None: ...


DOCUMENTS = Step(name="documents", light=False, sort="documents")
DEMONSTRATIONS = Step(name="demonstrations", sort="demonstrations")
MSM = Step(name="msm", after=("documents",), number=0)
SFT = Step(name="sft", after=("demonstrations",), number=0)
RESULTS = Step(name="results", after=("msm", "sft"), light=False, sort="results")


def taken(schedule: Schedule, *, main: bool) -> Stage:
    stage = schedule.take(main=main)
    assert stage is not None
    return stage


def test_one_thread_takes_all_in_order() -> None:
    schedule, stages = Schedule(plan_run(recipe(), MODELS).stages), []
    while stage := schedule.take():
        stages.append(stage)
        schedule.done(stage, worked=False)
    assert stages == list(plan_run(recipe(), MODELS).stages)


def test_a_thread_beside_takes_the_first_that_it_may_and_that_waits_for_nothing() -> None:
    schedule = Schedule([DOCUMENTS, DEMONSTRATIONS, MSM, SFT, RESULTS])
    assert taken(schedule, main=True) == DOCUMENTS
    assert taken(schedule, main=False) == DEMONSTRATIONS
    schedule.done(DEMONSTRATIONS, worked=True)
    assert taken(schedule, main=False) == SFT, "while msm waits for the documents"
    schedule.done(DOCUMENTS, worked=True)
    assert taken(schedule, main=False) == MSM
    assert schedule.take(main=False) is None, "results are for the main thread"


def test_a_thread_waits_until_what_it_needs_is_made() -> None:
    schedule, stages = Schedule([DOCUMENTS, MSM]), []
    taken(schedule, main=True)
    thread = Thread(target=lambda: stages.append(schedule.take(main=False)))
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    schedule.done(DOCUMENTS, worked=True)
    thread.join()
    assert stages == [MSM]


def test_who_waits_is_told_to_stop() -> None:
    schedule, stages = Schedule([DOCUMENTS, MSM]), []
    taken(schedule, main=True)
    thread = Thread(target=lambda: stages.append(schedule.take(main=False)))
    thread.start()
    schedule.stop()
    thread.join()
    assert stages == [None]


@pytest.mark.parametrize("worked", [False, True])
def test_a_seed_is_complete_with_the_last_answer_of_its_arms(worked: bool) -> None:
    """Which has to have been asked for now, and not to have been there."""
    base, first, second = (Step(name=f"ask {n}", sort="evaluate", number=n) for n in (None, 0, 1))
    schedule, complete = Schedule([SFT, first, second, base, RESULTS]), {}
    while stage := schedule.take():
        complete[stage.id] = schedule.done(stage, worked=worked)
    seeds = [0, 1] if worked else []
    assert complete == {"sft": [], "ask 0": [], "ask 1": [], "ask None": seeds, "results": []}


def test_all_arms_of_the_first_seed_come_before_those_of_the_others() -> None:
    stages = plan_run(recipe("seeds=[5, 3, 1]"), MODELS).stages
    seeds = [(stage.kind, stage.seed) for stage in stages if stage.kind in ("sft", "evaluate")]
    first = [("sft", 1)] * 2 + [("evaluate", None)] + [("evaluate", 1)] * 3
    trained = [("sft", 3)] * 2 + [("sft", 5)] * 2
    assert seeds[: len(first)] == first
    assert seeds[len(first) : len(first) + len(trained)] == trained
    assert {kind for kind, _ in seeds[len(first) + len(trained) :]} == {"evaluate"}
