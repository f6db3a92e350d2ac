"""How a stage is done: left, copied, gone on with or refused; and several at once, which end as one after another."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier, Event
from typing import Any, ClassVar

import pytest
from helpers.plans import recipe
from helpers.scripted_context import ScriptedContext, scripted_context

from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl
from msm_mlx.pipeline.context import Context
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.work import run_stage, work_through
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import EVENTS, RECORD

Part = Callable[[Context], None]
OUT, SCRATCH, EARLIER = "out/lines.txt", "out/progress.txt", "out/earlier.txt"


@dataclass(frozen=True, kw_only=True)
class Lines(Stage):
    """Writes `count` lines, after those that it finds: of an attempt that was stopped, or of when it was smaller."""

    unit: ClassVar[str] = "lines"
    word: str = "a"
    count: int = 2
    source: tuple[str, ...] = ()
    stops_after: int | None = None
    work: list[str] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        return "documents"

    @property
    def id(self) -> str:
        return "lines"

    @property
    def total(self) -> int:
        return self.count

    @property
    def reads(self) -> tuple[str, ...]:
        return self.source

    @property
    def writes(self) -> tuple[str, ...]:
        return (OUT,)

    @property
    def scratch(self) -> tuple[str, ...]:
        return (SCRATCH, EARLIER)

    @property
    def grows_with(self) -> tuple[str, ...]:
        return ("count",)

    @property
    def keeps(self) -> tuple[tuple[str, str], ...]:
        return ((OUT, EARLIER),)

    @property
    def key(self) -> dict[str, Any]:
        return {"word": self.word, "count": self.count}

    def run(self, context: Context) -> None:
        folder = context.run.path
        (folder / OUT).parent.mkdir(exist_ok=True)
        lines = [line for name in (EARLIER, SCRATCH) for line in _lines(folder / name)]
        while len(lines) < self.count:
            if len(self.work) == self.stops_after:
                raise KeyboardInterrupt
            self.work.append(self.word)
            lines.append(self.word)
            with (folder / SCRATCH).open("a") as file:
                file.write(f"{self.word}\n")
        (folder / OUT).write_text("\n".join(lines))


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def do(run: Path, stage: Stage) -> ScriptedContext:
    run.mkdir(parents=True, exist_ok=True)
    context = scripted_context(recipe(), run)
    run_stage(stage, context)
    return context


def state(run: Path) -> str:
    return str(RunFolder(run).record()["stages"]["lines"]["state"])


def test_what_is_done_is_not_done_again(lone_run: Path) -> None:
    first, second = Lines(), Lines()
    assert do(lone_run, first).told.begun == {"lines": "not run yet"}
    context = do(lone_run, second)
    assert (len(first.work), len(second.work)) == (2, 0)
    assert context.told.begun == {}
    assert "from the same inputs" in context.told.skipped["lines"]


def test_a_neighbour_lends_what_it_did_from_the_same_inputs(tmp_path: Path) -> None:
    do(tmp_path / "runs" / "one", Lines())
    same, other = Lines(), Lines(word="b")
    context = do(tmp_path / "runs" / "two", same)
    assert same.work == []
    assert context.told.skipped == {"lines": "copied from the run one, which did it from the same inputs"}
    assert (tmp_path / "runs/two" / OUT).read_text() == "a\na"
    assert RunFolder(tmp_path / "runs/two").record()["stages"]["lines"]["borrowed_from"] == "one"
    do(tmp_path / "runs" / "three", other)
    assert other.work == ["b", "b"]


def test_a_stage_that_was_stopped_is_started_and_goes_on(lone_run: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        do(lone_run, Lines(count=5, stops_after=3))
    assert state(lone_run) == "started"
    later = Lines(count=5)
    context = do(lone_run, later)
    assert context.told.begun == {"lines": "was interrupted"}
    assert context.told.finished == ["lines"]
    assert len(later.work) == 2
    assert state(lone_run) == "done"


def test_stopped_and_then_asked_for_something_else_it_begins_anew(lone_run: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        do(lone_run, Lines(count=5, stops_after=3))
    later = Lines(word="b", count=5)
    do(lone_run, later)
    assert (lone_run / OUT).read_text().split() == ["b"] * 5


def test_a_stage_that_grows_goes_on_from_what_it_had(lone_run: Path) -> None:
    do(lone_run, Lines(count=2))
    more = Lines(count=5)
    context = do(lone_run, more)
    assert context.told.begun == {"lines": "its inputs changed (count)"}
    assert len(more.work) == 3
    assert (lone_run / OUT).read_text().split() == ["a"] * 5


def test_of_a_stage_that_changes_otherwise_too_nothing_is_kept(lone_run: Path) -> None:
    do(lone_run, Lines(count=2))
    other = Lines(word="b", count=5)
    do(lone_run, other)
    assert len(other.work) == 5
    assert not (lone_run / EARLIER).exists()


def test_a_stage_waits_for_what_it_reads(lone_run: Path) -> None:
    with pytest.raises(MsmError, match=r": lines waits for nowhere\.txt; run the stage that makes it first"):
        do(lone_run, Lines(source=("nowhere.txt",)))
    assert not (lone_run / RECORD).exists()


def test_a_file_that_it_reads_decides(lone_run: Path) -> None:
    lone_run.mkdir(parents=True)
    for text, due in (("one", True), ("one", False), ("two", True)):
        (lone_run / "in.txt").write_text(text)
        stage = Lines(source=("in.txt",))
        do(lone_run, stage)
        assert bool(stage.work) == due


# --- several at once -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Task(Stage):
    """Does a part of a test, and makes a file of its own name."""

    unit: ClassVar[str] = "files"
    total: ClassVar[int] = 1
    kind: ClassVar[Kind] = "sft"
    key: ClassVar[dict[str, Any]] = {}

    name: str
    part: Part = lambda context: None
    beside: bool = True

    @property
    def id(self) -> str:
        return self.name

    @property
    def on_any_thread(self) -> bool:
        return self.beside

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.name,)

    def run(self, context: Context) -> None:
        self.part(context)
        (context.run.path / self.name).write_text(self.name)


def work(run: Path, *stages: Stage) -> ScriptedContext:
    run.mkdir(parents=True, exist_ok=True)
    context = scripted_context(recipe(), run)
    work_through(stages, context, processes=2)
    return context


def states(run: Path) -> dict[str, str]:
    return {name: entry["state"] for name, entry in RunFolder(run).record()["stages"].items()}


def test_two_stages_are_done_at_once_and_both_are_recorded(lone_run: Path) -> None:
    both = Barrier(2, timeout=10)

    def meet(context: Context) -> None:
        both.wait()
        for number in range(9):
            context.note(context.stage, number=number)

    context = work(lone_run, Task(name="a", part=meet, beside=False), Task(name="b", part=meet))
    assert states(lone_run) == {"a": "done", "b": "done"}
    assert sorted(context.told.finished) == ["a", "b"]
    events = read_jsonl(lone_run / EVENTS)
    assert len(events) == 2 * (1 + 9 + 1)
    assert {entry["number"] for entry in RunFolder(lone_run).record()["stages"].values()} == {8}


def test_an_error_beside_is_that_of_the_run_and_what_runs_is_finished(lone_run: Path) -> None:
    begun = Event()

    def fail(context: Context) -> None:
        begun.wait(10)
        raise MsmError("the disk is full")

    def last_longer(context: Context) -> None:
        begun.set()
        time.sleep(0.05)

    first = Task(name="a", part=last_longer, beside=False)
    with pytest.raises(MsmError, match="the disk is full"):
        work(lone_run, first, Task(name="b", part=fail), Task(name="c"), Task(name="d", beside=False))
    assert states(lone_run) == {"a": "done", "b": "started"}


def test_an_interrupt_stops_what_runs_beside(lone_run: Path) -> None:
    """Which saves where it is: here the model process of the other thread is told to."""
    begun, told = Event(), Event()

    def until_told(context: Context) -> None:
        assert isinstance(context, ScriptedContext)
        context.trainer.on_stop = told.set
        begun.set()
        assert told.wait(10)
        raise KeyboardInterrupt

    def interrupt(context: Context) -> None:
        begun.wait(10)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(lone_run, Task(name="a", part=interrupt, beside=False), Task(name="b", part=until_told), Task(name="c"))
    assert states(lone_run) == {"a": "started", "b": "started"}
