"""Runs a recipe's grid: every combination of its settings as a run of its own, and all their results together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from msm_mlx.engine.launch import is_launched
from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.files import sha256_json
from msm_mlx.models.renderers import LoadRenderer, load_each_once
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.preflight import doses_on_all_items
from msm_mlx.pipeline.reevaluation import EVERYTHING, Choice
from msm_mlx.pipeline.runner import PreparedRun, execute, prepare
from msm_mlx.pipeline.stage import KINDS, Kind, Stage
from msm_mlx.pipeline.status import frozen_date, known_fingerprints, plan_status
from msm_mlx.progress import Reporter
from msm_mlx.recipe.grid import Value, as_overrides, cell_name
from msm_mlx.recipe.load import Recipe
from msm_mlx.runs.folder import RunFolder, Status
from msm_mlx.runs.layout import CELLS
from msm_mlx.runs.results import read_results, write_results


@dataclass(frozen=True)
class Cell:
    """One combination: its name, what it sets, and the recipe that results."""

    name: str
    settings: Mapping[str, Value]
    recipe: Recipe


def list_cells(recipe: Recipe) -> list[Cell]:
    """Every combination of the recipe's grid, the last setting varying fastest."""
    keys = [key for key, _ in recipe.grid]
    return [
        _cell(recipe, dict(zip(keys, values, strict=True)))
        for values in product(*(values for _, values in recipe.grid))
    ]


def _cell(recipe: Recipe, settings: dict[str, Value]) -> Cell:
    profile = recipe.settings
    for key, value in settings.items():
        section, _, name = key.partition(".")
        changed = getattr(profile, section).model_copy(update={name: value})
        profile = profile.model_copy(update={section: changed})
    overrides = (*recipe.overrides, *as_overrides(settings))
    return Cell(cell_name(settings), settings, replace(recipe, settings=profile, grid=(), overrides=overrides))


def cell_run(run: RunFolder, cell: Cell) -> RunFolder:
    """The run folder of a cell, inside that of the grid."""
    return RunFolder(run.path / CELLS / cell.name)


def run_grid(
    recipe: Recipe,
    run: RunFolder,
    report: Reporter,
    kinds: Sequence[Kind] = KINDS,
    *,
    any_memory: bool = False,
    choice: Choice = EVERYTHING,
    processes: int | None = None,
) -> None:
    """Bring every cell up to date, then the results of the whole grid.

    Cells share what they have in common: a stage with the same inputs is copied, not done again.

    Raises:
        MsmError: as `run_recipe` does for a single run.
        RecipeError: under `mlx.launch`, whose other ranks train along with one run.
    """
    if is_launched():
        raise RecipeError(f"{recipe.path}: a grid runs in one process; run its cells one by one under mlx.launch")
    cells, load = list_cells(recipe), load_each_once()
    for line in doses_on_all_items(recipe):
        report.say(line)
    with run.lock():
        run.keep_recipe(recipe.resolved())
        names = [cell.name for cell in cells]
        run.describe(recipe=recipe.name, date=frozen_date(run), grid=dict(recipe.grid), cells=names)
        options = {"any_memory": any_memory, "choice": choice, "processes": processes}
        prepared = [_prepare(cell, run, report, kinds, load, **options) for cell in cells]
        for number, (cell, ready) in enumerate(zip(cells, prepared, strict=True), start=1):
            report.say(f"Cell {number} of {len(cells)}: {cell.name}")
            with ready.run.lock():
                execute(ready, report)
        if "results" in kinds:
            from msm_mlx.evaluation.build_results import grid_results  # with numpy and scipy, which plans do not need

            results = [(cell.settings, read_results(cell_run(run, cell).path)) for cell in cells]
            write_results(run.path, grid_results(recipe.name, dict(recipe.grid), results))


def _prepare(
    cell: Cell, run: RunFolder, report: Reporter, kinds: Sequence[Kind], load: LoadRenderer, **options: Any
) -> PreparedRun:
    """Raises as `run_recipe` does, naming the cell."""
    folder = cell_run(run, cell)
    try:
        plan = plan_run(cell.recipe, known_fingerprints(cell.recipe, folder))
        return prepare(plan, folder, report, kinds, load, **options)
    except MsmError as error:
        kind = next(kind for kind in (RecipeError, SetupError, MsmError) if isinstance(error, kind))
        raise kind(f"{error}\n(in the cell {cell.name} of the grid)") from error


def plan_grid(recipe: Recipe, run: RunFolder) -> list[tuple[Cell, list[tuple[Stage, Status]]]]:
    """Every cell's stages with what a run would do about each; those that an earlier cell will lend are said to be."""
    lenders: dict[str, str] = {}
    plan = []
    for cell in list_cells(recipe):
        folder = cell_run(run, cell)
        planned = plan_run(cell.recipe, known_fingerprints(cell.recipe, folder))
        keys = _keys(planned.stages)
        stages = []
        for stage, status in plan_status(planned, folder):
            lender = lenders.setdefault(keys[stage.id], cell.name)
            if not (status.cached or status.refused) and lender != cell.name:
                status = Status(True, f"copied from the cell {lender}")
            stages.append((stage, status))
        plan.append((cell, stages))
    return plan


def _keys(stages: Sequence[Stage]) -> dict[str, str]:
    """What decides each stage's outcome, all the way back: its settings, and which outputs of which stages it reads."""
    keys: dict[str, str] = {}
    writers: dict[str, tuple[str, int]] = {}
    for stage in stages:
        keys[stage.id] = sha256_json([stage.kind, stage.key, [writers.get(name, (name, 0)) for name in stage.reads]])
        writers |= {name: (keys[stage.id], index) for index, name in enumerate(stage.writes)}
    return keys
