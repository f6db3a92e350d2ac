"""`msm-mlx runs` and its commands."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msm_mlx.cli.completion import RUN
from msm_mlx.cli.output import err, out
from msm_mlx.console.problems import show_problems
from msm_mlx.console.tables import ConsoleTable
from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.runs.folder import RunFolder, human_moment
from msm_mlx.runs.layout import CELLS, RECORD
from msm_mlx.runs.workspace import (
    RunSummary,
    continuation,
    differences,
    list_runs,
    no_run,
    remove_run,
    runs_home,
    summarise,
)
from msm_mlx.text.terminal import literal

if TYPE_CHECKING:
    from msm_mlx.cli.run_tree import Branch

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print as JSON on stdout.")


@click.group(invoke_without_command=True)
@click.pass_context
def runs(ctx: click.Context) -> None:
    """List, show, compare and remove runs. Without a command, list them.

    RUN is a folder, the name of a run in runs/ (or in $MSM_MLX_HOME/runs/), or `latest`.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_command)


@runs.command("list")
@as_json_option
def list_command(as_json: bool = False) -> None:
    """List the runs, the last changed first, with their state and disk use."""
    summaries = list_runs(runs_home())
    if as_json:
        print(json.dumps([run.plain() for run in summaries], indent=2))
        return
    if not summaries:
        err().print(f"No run in {runs_home()} yet; make one with `msm-mlx run RECIPE`.", markup=False)
        return
    table = _table("run", "recipe", "model", "state", "disk", "changed")
    for run in summaries:
        changed = human_moment(run.changed.isoformat())
        _row(table, run.path.name, run.recipe, run.model, run.state, _size(run.disk), changed)
    out().print(table)
    for run in summaries:
        if run.next:
            err().print(f"{run.path.name} goes on with: {run.next}", markup=False, soft_wrap=True)


@runs.command()
@click.argument("run", type=RUN)
@as_json_option
def show(run: Path, as_json: bool) -> None:
    """Show the stages of a run as a tree, and how to go on with it.

    A stage is done, stale (done from something that is no longer so), missing, stopped or failed. Each is shown with
    its time and the size of its files, for its arms and seeds. What is equal is one line.
    """
    from msm_mlx.cli.run_tree import DUE, draw_tree

    summary = _summary(run)
    if as_json:
        print(json.dumps({**summary.plain(), "done": RunFolder(run).record()["stages"]}, indent=2))
        return
    console = out()
    changed = human_moment(summary.changed.isoformat())
    for line in (
        f"{summary.path}: {summary.state}, {_size(summary.disk)}",
        f"recipe {summary.recipe}, model {summary.model}, changed {changed}",
    ):
        console.print(line, markup=False)
    tree = _tree(RunFolder(run))
    for text in draw_tree(tree, console):
        console.print(text, soft_wrap=True)
    is_due = any(branch.state in DUE for branch in tree)
    if going_on := summary.next or (continuation(run) if is_due and summary.state == "finished" else ""):
        err().print(f"It goes on with: {going_on}", markup=False, soft_wrap=True)


def _tree(run: RunFolder) -> list[Branch]:
    """The stages of a run, or the cells of a grid. Without its recipe, what the record alone says."""
    from msm_mlx.cli.recipes import load_recipe_of
    from msm_mlx.cli.run_tree import cell_tree, stage_tree
    from msm_mlx.pipeline.experiment import open_experiment
    from msm_mlx.pipeline.run_state import cell_states, recorded_cells, recorded_states, run_states
    from msm_mlx.suites.load import SUITES

    run.record()  # damage is told now, and is not taken for a recipe that is not there
    overrides = ["grid={}"] if run.path.parent.name == CELLS else []
    options: dict[str, Any] = {"known_suites": SUITES, "allow_outside": True}
    try:
        recipe = open_experiment(load_recipe_of(run.path, overrides, None, **options), run.path).recipe
        return cell_tree(cell_states(recipe, run)) if recipe.grid else stage_tree(run_states(recipe, run))
    except MsmError as error:
        show_problems(err(), "warning", f"what is stale is not known without the recipe\n{error}")
        return cell_tree(recorded_cells(run)) or stage_tree(recorded_states(run))


@runs.command()
@click.argument("run", type=RUN)
def path(run: Path) -> None:
    """Print the folder of a run.

    For use in a shell: cd "$(msm-mlx runs path latest)".
    """
    print(_summary(run).path.resolve())


@runs.command()
@click.argument("folders", nargs=-1, required=True, type=RUN, metavar="RUN...")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rm(folders: tuple[Path, ...], yes: bool) -> None:
    """Delete runs with everything in them. Asks first; without a terminal --yes is needed."""
    summaries = [_summary(folder) for folder in folders]
    total = sum(summary.disk for summary in summaries)
    names = ", ".join(str(summary.path) for summary in summaries)
    if not yes:
        if not sys.stdin.isatty():
            raise RecipeError(f"{names}: this is no terminal to ask on; add --yes to delete")
        if not click.confirm(f"Delete {names} ({_size(total)})?", err=True):
            return
    for folder in folders:
        remove_run(folder)
    err().print(f"Deleted {names}; {_size(total)} are free again.", markup=False)


@runs.command()
@click.argument("first", type=RUN)
@click.argument("second", type=RUN)
@as_json_option
def diff(first: Path, second: Path, as_json: bool) -> None:
    """Show in what two runs differ.

    That is in settings, model, versions and pooled results.
    """
    for folder in (first, second):
        _summary(folder)
    rows = differences(first, second)
    if as_json:
        print(json.dumps([{"key": key, "first": a, "second": b} for key, a, b in rows], indent=2))
        return
    table = _table("what", first.name, second.name)
    for key, a, b in rows:
        _row(table, key, _shown(a), _shown(b))
    out().print(table if rows else "No difference.")


def _summary(folder: Path) -> RunSummary:
    if not (folder / RECORD).is_file():
        raise no_run(folder)
    return summarise(folder)


def _table(*columns: str) -> ConsoleTable:
    table = ConsoleTable()
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _row(table: ConsoleTable, *cells: str) -> None:
    table.add_row(*map(literal, cells))


def _shown(value: Any) -> str:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) and abs(value) >= 0.001 else str(value)


def _size(count: float) -> str:
    from msm_mlx.models.hub import human_size

    return human_size(count)
