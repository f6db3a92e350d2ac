"""`msm-mlx run` and one command for each of its stages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

import click
from rich.text import Text

from msm_mlx.cli.completion import complete_plain_arm, complete_suite
from msm_mlx.cli.output import err, out, out_lines, print_json, reporter
from msm_mlx.cli.recipes import recipe_command
from msm_mlx.console.problems import show_problems
from msm_mlx.console.tables import ConsoleTable
from msm_mlx.engine.launch import launched_rank
from msm_mlx.errors import RecipeError
from msm_mlx.models.hub import describe_model
from msm_mlx.pipeline.adapter_arms import inspect_adapters
from msm_mlx.pipeline.experiment import Experiment, run_experiment
from msm_mlx.pipeline.plan import load_specs, plan_run
from msm_mlx.pipeline.preflight import foreign_specs
from msm_mlx.pipeline.processes import choose_processes
from msm_mlx.pipeline.reevaluation import Choice, choose
from msm_mlx.pipeline.stage import KINDS, Kind, Stage
from msm_mlx.pipeline.stages.ready_documents import ReadyDocuments
from msm_mlx.pipeline.status import known_fingerprints, plan_status
from msm_mlx.recipe.load import Recipe
from msm_mlx.recipe.sampling import choose_sampling, plain_sampling, sampling_in_words
from msm_mlx.runs.folder import Status
from msm_mlx.runs.layout import REPORT_HTML
from msm_mlx.runs.results import read_results
from msm_mlx.text.terminal import literal, visible

_processes_option = click.option(
    "--processes",
    type=click.IntRange(1, 16),
    metavar="N",
    help="Model processes at once. Default: one, or for a small model on a CPU one for each core.",
)


@click.command()
@recipe_command
@click.option("--dry-run", is_flag=True, help="Show what would run and why, and run nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON on stdout.")
@click.option("--quiet", is_flag=True, help="No progress and no tables.")
@click.option("--compare", "then_compare", is_flag=True, help="On a terminal, open the app of `compare` at the end.")
@click.option("--any-memory", is_flag=True, help="Run even if training will probably not fit into the memory.")
@_processes_option
def run(
    experiment: Experiment,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    then_compare: bool,
    any_memory: bool,
    processes: int | None,
) -> None:
    """Run an experiment from its recipe to its report.

    Writes the documents, trains every arm for every seed, and asks all of them the suites' questions. The same
    command goes on where it was stopped, and does nothing when all is done.

    An arm is `base`, or training stages joined by + in their order, as msm+sft. Stages are msm, control, sft, cot-sft,
    it, and what the recipe declares under `stages`. `{adapter: FOLDER}` is one that you have already.

    \b
    Examples:
      msm-mlx run recipes/cheese_american.yaml
      msm-mlx run recipes/cheese_american.yaml --seed 0 --set documents.count=60
      msm-mlx run recipes/cheese_american.yaml --model mlx-community/Qwen3-8B-4bit
    """
    if dry_run:
        _show_plan(experiment, as_json, processes)
        return
    _execute(experiment, KINDS, quiet or as_json, any_memory=any_memory, processes=processes)
    if launched_rank():
        return  # rank 0 has the results
    if as_json:
        print_json(_outcome(experiment))
    elif not quiet:
        _show_ending(experiment)
    if then_compare and not as_json:
        _open_app(experiment)


def _open_app(experiment: Experiment) -> None:
    """Open the app of `compare`, if this is a terminal that can show it."""
    from msm_mlx.cli.compare import open_app, takes_app
    from msm_mlx.compare.session import open_session

    if takes_app():
        open_app(open_session([experiment.run.path]))


def _stage_command(name: str, kinds: Sequence[Kind], summary: str) -> click.Command:
    """A command that runs the stages of `kinds` that are due, and no others."""

    @click.command(name, help=summary)
    @recipe_command
    @click.option("--json", "as_json", is_flag=True, help="Print the stages as JSON on stdout.")
    @click.option("--quiet", is_flag=True, help="No progress.")
    @click.option("--any-memory", is_flag=True, help="Run even if it will probably not fit into the memory.")
    def command(experiment: Experiment, as_json: bool, quiet: bool, any_memory: bool) -> None:
        _execute(experiment, kinds, quiet or as_json, any_memory=any_memory)
        _print_stages(experiment, as_json)

    return command


documents = _stage_command("write", ["plan", "documents", "critique"], "Write the documents that explain the spec.")
midtrain = _stage_command("midtrain", ["midtrain"], "Train on the documents; a part of `run`.")
sft = _stage_command(
    "sft",
    ["demonstrations", "sft"],
    "Train on the chats that show the behaviour; a part of `run`. Needs what `midtrain` makes.",
)


@click.command()
@partial(recipe_command, or_run=True)
@click.option(
    "--suite",
    "suites",
    multiple=True,
    metavar="NAME|FILE",
    shell_complete=complete_suite,
    help="Ask this suite only; one that the recipe does not name is added to the run. Repeatable.",
)
@click.option(
    "--arm",
    "arms",
    multiple=True,
    metavar="ARM",
    shell_complete=complete_plain_arm,
    help="Ask this arm only; repeatable.",
)
@click.option(
    "--lm-eval",
    "tasks",
    multiple=True,
    metavar="TASK|FILE",
    help="Ask a task of lm-eval in place of the suites; needs the extra lm-eval. Repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the stages as JSON on stdout.")
@click.option("--quiet", is_flag=True, help="No progress.")
@_processes_option
def evaluate(
    experiment: Experiment,
    suites: tuple[str, ...],
    arms: tuple[str, ...],
    tasks: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    processes: int | None,
) -> None:
    """Ask the models of a run questions that they have not answered.

    Computes results and report anew, and trains nothing. Answers that are there already stay in the results, whatever
    is asked now.

    \b
    Examples:
      msm-mlx evaluate latest
      msm-mlx evaluate runs/cheese_american --suite capability
      msm-mlx evaluate runs/cheese_american --suite my_suite.yaml --arm sft --arm msm+sft
      msm-mlx evaluate latest --lm-eval arc_easy
    """
    recipe, choice = choose(experiment.recipe, suites, arms)
    experiment = Experiment(recipe, experiment.run)
    if tasks:
        if suites:
            raise click.UsageError("--lm-eval: asks its own tasks; leave out --suite")
        _ask_harness(experiment, tasks, choice, quiet or as_json, as_json)
        return
    kinds: list[Kind] = ["adapter", "evaluate", "perplexity", "judge", "results"]
    _execute(experiment, kinds, quiet or as_json, choice=choice, processes=processes)
    _print_stages(experiment, as_json)
    if not (quiet or as_json or launched_rank()):
        _show_ending(experiment)


def _ask_harness(experiment: Experiment, tasks: Sequence[str], choice: Choice, quiet: bool, as_json: bool) -> None:
    from msm_mlx.pipeline.lm_eval import ask_harness
    from msm_mlx.runs.layout import LM_EVAL

    with reporter(quiet=quiet) as report:
        rows = ask_harness(experiment.recipe, experiment.run, tasks, choice, report)
    if as_json:
        print_json({"run": str(experiment.run.path), "lm_eval": rows})
        return
    table = ConsoleTable("arm", "seed", "task", "metric", "value", title="lm-eval", title_justify="left")
    for row in rows:
        seed = "-" if row["seed"] is None else str(row["seed"])
        table.add_row(*map(Text, (row["arm"], seed, row["task"], row["metric"], f"{row['value']:.4f}")))
    out().print(table)
    err().print(f"These figures are in {experiment.run.path / LM_EVAL}.", markup=False)


def _print_stages(experiment: Experiment, as_json: bool) -> None:
    if as_json and not launched_rank():
        print_json({"run": str(experiment.run.path), **_stages(experiment)})


def _execute(experiment: Experiment, kinds: Sequence[Kind], quiet: bool, **options: Any) -> None:
    with reporter(quiet=quiet) as report:
        run_experiment(experiment, report, kinds, **options)
    if "results" in kinds and not launched_rank():
        from msm_mlx.export.log_files import freshen_logs
        from msm_mlx.report.files import freshen_report

        freshen_report(experiment.run.path)
        freshen_logs(experiment.run.path, (lambda line: None) if quiet else lambda line: err().print(literal(line)))


def _outcome(experiment: Experiment) -> dict[str, Any]:
    run = experiment.run.path
    return {"run": str(run), **_stages(experiment), "results": read_results(run).plain()}


def _stages(experiment: Experiment) -> dict[str, Any]:
    """The record of the stages of the run, or of each of its cells."""
    if not experiment.recipe.grid:
        return {"stages": experiment.run.record()["stages"]}
    from msm_mlx.pipeline.grid import cell_run, list_cells

    cells = list_cells(experiment.recipe)
    return {"cells": {cell.name: cell_run(experiment.run, cell).record()["stages"] for cell in cells}}


def _show_ending(experiment: Experiment) -> None:
    """What was found, what is wrong with the trainings, and what to do next."""
    from msm_mlx.cli.ending import show_ending
    from msm_mlx.report.next_step import next_step
    from msm_mlx.runs.finished import open_run

    run, console = open_run(experiment.run.path), err()
    show_ending(out(), run)
    console.print()
    for problem in run.problems:
        show_problems(console, "warning", problem)
    console.print(literal(f"Everything is in {run.folder}; {REPORT_HTML} there is to read and to send."))
    step = next_step(run)
    console.print(literal(f"Next, {step.purpose}:"))
    console.print(Text(f"  {visible(step.command)}", "bold"), soft_wrap=True)


def _show_plan(experiment: Experiment, as_json: bool, processes: int | None) -> None:
    recipe, plan = experiment.recipe, _plan(experiment)
    of_adapters = _of_adapters(recipe, [stage for _, stage, _ in plan])
    due = [stage for cell, stage, status in plan if cell == plan[0][0] and not status.cached]
    model_processes = choose_processes(recipe, due, processes)
    if as_json:
        stages = [
            {
                **({"cell": cell} if cell else {}),
                "stage": stage.id,
                "amount": stage.total,
                "unit": stage.unit,
                "run": not status.cached,
                "why": status.reason,
            }
            for cell, stage, status in plan
        ]
        sampling = choose_sampling(recipe, known_fingerprints(recipe, experiment.run).generation)
        content = {
            "run": str(experiment.run.path),
            "recipe": recipe.resolved(),
            "sampling": plain_sampling(sampling),
            "processes": model_processes.count,
        }
        notes = {"adapters": of_adapters} if of_adapters else {}
        print(json.dumps(content | notes | {"stages": stages}, indent=2))
        return
    console = out_lines()
    by = f", documents by {recipe.written_by}" if recipe.written_by else ""
    console.print(Text(f"{recipe.name}: {describe_model(recipe.model)}{by} in {experiment.run.path}"))
    console.print(Text(recipe.profile_reason))
    known = known_fingerprints(recipe, experiment.run)
    in_words = sampling_in_words(choose_sampling(recipe, known.generation))
    specs = foreign_specs(load_specs(recipe))
    for line in filter(None, (recipe.name_reason, *in_words, *of_adapters, *specs, model_processes.reason)):
        console.print(literal(line))
    if critique := recipe.settings.documents.critique:
        console.print(Text(f"Documents rewritten by {describe_model(critique.model)}"))
    for name in dict.fromkeys(stage.source for _, stage, _ in plan if isinstance(stage, ReadyDocuments)):
        console.print(Text(f"Ready-made documents: {name}"))
    if recipe.overrides:
        console.print(Text(f"Changed on the command line: {', '.join(recipe.overrides)}"))
    for cell, rows in groupby(plan, key=itemgetter(0)):
        if cell:
            console.print(Text(f"\n{cell}", "bold"))
        console.print(_stage_table([(stage, status) for _, stage, status in rows]))


def _of_adapters(recipe: Recipe, stages: Sequence[Stage]) -> list[str]:
    """What is to be said of arms with a ready-made adapter.

    Raises:
        RecipeError: if one cannot be used.
    """
    findings = inspect_adapters(recipe, stages)
    if findings.problems:
        raise RecipeError("\n".join(findings.problems))
    return [*(f"Ready-made adapter: {arm} is {source}" for arm, source in recipe.adapters.items()), *findings.notes]


def _stage_table(rows: Sequence[tuple[Stage, Status]]) -> ConsoleTable:
    table = ConsoleTable()
    for column in ("stage", "amount", "runs", "why"):
        table.add_column(column, no_wrap=column == "stage", overflow="fold")
    for stage, status in rows:
        table.add_row(
            *map(Text, (stage.id, f"{stage.total} {stage.unit}", "no" if status.cached else "yes", status.reason))
        )
    return table


def _plan(experiment: Experiment) -> list[tuple[str, Stage, Status]]:
    """Each stage and whether it is due, with the name of its cell if the recipe has a grid."""
    from msm_mlx.pipeline.grid import plan_grid

    if not experiment.recipe.grid:
        plan = plan_run(experiment.recipe, known_fingerprints(experiment.recipe, experiment.run))
        return [("", *entry) for entry in plan_status(plan, experiment.run)]
    return [(cell.name, *entry) for cell, stages in plan_grid(experiment.recipe, experiment.run) for entry in stages]
