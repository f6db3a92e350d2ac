"""How far a run is: of every stage whether it is done, stale, missing or failed, and why. Nothing is loaded for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from msm_mlx.pipeline.grid import cell_run, list_cells
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.status import known_fingerprints, plan_status
from msm_mlx.recipe.load import Recipe
from msm_mlx.runs.folder import RunFolder, Status
from msm_mlx.runs.layout import CELLS
from msm_mlx.runs.workspace import is_locked

StateName = Literal["failed", "running", "stopped", "stale", "missing", "done", "unused"]
"""`failed` and `stopped` have begun and not ended, `stale` is done from what is no longer so, `missing` has not begun,
and `unused` is done for a recipe that had more. The first of these is what a group of stages is in."""
STATES: Sequence[StateName] = get_args(StateName)
OF_ARMS = ("midtrain", "sft", "adapter", "evaluate")  # the kinds of stages that are there once for each variant
_VARIANT = re.compile(r"(?P<arm>.*?)(?:-s(?P<seed>\d+))?(?:-update-(?P<update>\d+))?")
_AFTER = re.compile(r"after (\S+).*")  # the kind of the stage that comes first


@dataclass(frozen=True)
class StageState:
    """One stage: what it is about, and what is known of it.

    Args:
        subject: the arm, the spec or the declared stage that it is about; empty if there is one of its kind alone.
        reason: why it is in this state; empty where that says it all.
        seconds: how long it took; None if it is not done.
        size: of the files that it has made, in bytes.
    """

    id: str
    kind: str
    subject: str
    seed: int | None
    update: int | None
    state: StateName
    reason: str
    seconds: float | None
    size: int


def run_states(recipe: Recipe, run: RunFolder) -> list[StageState]:
    """Every stage of the recipe, in the order in which they run, and then what the run has done beyond it."""
    status = plan_status(plan_run(recipe, known_fingerprints(recipe, run)), run)
    is_running = is_locked(run.path)
    planned = [_stage_state(run, stage.id, stage.kind, one, is_running) for stage, one in status]
    ids = {stage.id for stage in planned}
    others = [stage for stage in recorded_states(run) if stage.id not in ids]
    unused: StateName = "unused"
    return planned + [replace(one, state=unused, reason="its recipe has it no longer") for one in others]


def cell_states(recipe: Recipe, run: RunFolder) -> dict[str, list[StageState]]:
    """The stages of every cell of a grid, by its name."""
    return {cell.name: run_states(cell.recipe, cell_run(run, cell)) for cell in list_cells(recipe)}


def recorded_cells(run: RunFolder) -> dict[str, list[StageState]]:
    """The cells that the record of a grid names, by their own records; none if the run is no grid."""
    names = run.record().get("cells", [])
    return {name: recorded_states(RunFolder(run.path / CELLS / name)) for name in names}


def recorded_states(run: RunFolder) -> list[StageState]:
    """The stages that the run has begun, by its record alone: whether what they read has changed is not known."""
    entries: dict[str, Any] = run.record()["stages"]
    is_running = is_locked(run.path)
    return [
        _stage_state(run, id_, str(entry["inputs"].get("stage", id_)), None, is_running)
        for id_, entry in entries.items()
    ]


def _stage_state(run: RunFolder, id_: str, kind: str, status: Status | None, is_running: bool) -> StageState:
    """That of one stage; without a `status` by its record alone."""
    entry = run.record()["stages"].get(id_)
    subject = id_.removeprefix(kind).strip().removeprefix("of ")
    seed = update = None
    if kind in OF_ARMS and (match := _VARIANT.fullmatch(subject)):
        subject, seed, update = match["arm"], _number(match["seed"]), _number(match["update"])
    state, reason = _judge(entry, status, is_running)
    size = sum(_sizes(run.path, entry.get("outputs", {}))) if entry else 0
    return StageState(id_, kind, subject, seed, update, state, reason, entry.get("seconds") if entry else None, size)


def _judge(entry: Mapping[str, Any] | None, status: Status | None, is_running: bool) -> tuple[StateName, str]:
    """The state that a stage is in, and why."""
    if entry is None:
        return "missing", status.reason if status and status.refused else ""
    if entry["state"] != "done":
        failure = entry.get("failure") or entry.get("crash", {}).get("reason", "")
        return ("running", "") if is_running else ("failed", str(failure)) if failure else ("stopped", "")
    if status and not status.cached:
        return "stale", _AFTER.sub(r"after \1", status.reason)
    copied = "copied" if "borrowed_from" in entry else ""
    return "done", copied if status is None or status.reason.startswith("done on ") else status.reason


def _sizes(folder: Path, names: Iterable[str]) -> Iterator[int]:
    for name in names:
        try:
            yield (folder / name).stat().st_size
        except OSError:  # gone since
            continue


def _number(digits: str | None) -> int | None:
    return None if digits is None else int(digits)
