"""`msm-mlx run` and one command for each of its stages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from msm_mlx.blas import load_openblas
from msm_mlx.cli.output import err, out, reporter
from msm_mlx.cli.recipes import Job, recipe_command
from msm_mlx.hub import describe_model
from msm_mlx.launch import launched_rank
from msm_mlx.stages import KINDS, RESULTS, Kind


@click.command()
@recipe_command
@click.option("--dry-run", is_flag=True, help="Show what would run and why, and run nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON on stdout.")
@click.option("--quiet", is_flag=True, help="No progress and no tables.")
@click.option("--compare", "then_compare", is_flag=True, help="On a terminal, open the app of `compare` at the end.")
@click.option("--any-memory", is_flag=True, help="Run even if training will probably not fit into the memory.")
def run(job: Job, dry_run: bool, as_json: bool, quiet: bool, then_compare: bool, any_memory: bool) -> None:
    """Write documents, train every arm for every seed, evaluate and compare them.

    The same command goes on where it was stopped, and does nothing when all is done.

    \b
    Examples:
      msm-mlx run recipes/cheese_american.yaml
      msm-mlx run recipes/cheese_american.yaml --seed 0 --set documents.count=60
      msm-mlx run recipes/cheese_american.yaml --model mlx-community/Qwen3-8B-4bit
    """
    if dry_run:
        _show_plan(job, as_json)
        return
    _execute(job, KINDS, quiet or as_json, any_memory)
    if launched_rank():
        return  # rank 0 has the results
    if as_json:
        print(json.dumps(_outcome(job), indent=2, ensure_ascii=False))
    elif not quiet:
        _show_outcome(job)
    if then_compare and not as_json:
        _open_app(job)


def _open_app(job: Job) -> None:
    """The app of `compare`, where there is a person to use it."""
    from msm_mlx.cli.compare import on_terminal, open_app
    from msm_mlx.compare.session import open_session

    if on_terminal():
        open_app(open_session([job.run.path]))


def _stage_command(name: str, kinds: Sequence[Kind], summary: str) -> click.Command:
    """A command that brings the stages of `kinds` up to date and leaves all others alone."""

    @click.command(name, help=summary)
    @recipe_command
    @click.option("--json", "as_json", is_flag=True, help="Print the stages as JSON on stdout.")
    @click.option("--quiet", is_flag=True, help="No progress.")
    @click.option("--any-memory", is_flag=True, help="Run even if it will probably not fit into the memory.")
    def command(job: Job, as_json: bool, quiet: bool, any_memory: bool) -> None:
        _execute(job, kinds, quiet or as_json, any_memory)
        if as_json and not launched_rank():
            stages = job.run.record()["stages"]
            print(json.dumps({"run": str(job.run.path), "stages": stages}, indent=2, ensure_ascii=False))

    return command


documents = _stage_command("documents", ["documents"], "Write the documents that explain the spec.")
midtrain = _stage_command("midtrain", ["midtrain"], "Train the msm arm on the documents of the run folder.")
sft = _stage_command(
    "sft", ["demonstrations", "sft"], "Train the sft and msm+sft arms on the demonstrations; needs the msm arm."
)
evaluate = _stage_command(
    "evaluate",
    ["evaluate", "results"],
    "Ask every arm of the run folder the suites' questions and compute results.json.",
)


def _execute(job: Job, kinds: Sequence[Kind], quiet: bool, any_memory: bool) -> None:
    from msm_mlx.pipeline import follow_run, run_recipe

    with reporter(quiet=quiet) as report:
        report.say(f"{job.recipe.name} in {job.run.path}. {job.recipe.profile_reason}")
        report.say(f"Matrix products by {load_openblas()}.")
        if launched_rank():
            follow_run(job.recipe, report)
            return
        run_recipe(job.recipe, job.run, report, kinds, any_memory=any_memory)


def _outcome(job: Job) -> dict[str, Any]:
    results = json.loads((job.run.path / RESULTS).read_text(encoding="utf-8"))
    return {"run": str(job.run.path), "stages": job.run.record()["stages"], "results": results}


def _show_outcome(job: Job) -> None:
    from msm_mlx.compare.stored import open_run, side_by_side
    from msm_mlx.compare.tables import answer_view, contrast_table, score_table

    stored, console = open_run(job.run.path), out()
    console.print(answer_view("Answers to unseen prompts, first seed", side_by_side([stored], limit=6), console.width))
    console.print(score_table(stored.answers))
    console.print(contrast_table(stored.results["contrasts"]))
    err().print(f"Everything is in {job.run.path}. More answers: msm-mlx compare {job.run.path}")


def _show_plan(job: Job, as_json: bool) -> None:
    from msm_mlx.pipeline import plan_recipe

    recipe = job.recipe
    plan = plan_recipe(recipe, job.run)
    if as_json:
        stages = [
            {
                "stage": stage.id,
                "amount": stage.total,
                "unit": stage.unit,
                "run": not status.cached,
                "why": status.reason,
            }
            for stage, status in plan
        ]
        print(json.dumps({"run": str(job.run.path), "recipe": recipe.resolved(), "stages": stages}, indent=2))
        return
    console = out()
    console.print(Text(f"{recipe.name}: {describe_model(recipe.model)} in {job.run.path}"))
    console.print(Text(recipe.profile_reason))
    if recipe.overrides:
        console.print(Text(f"Changed on the command line: {', '.join(recipe.overrides)}"))
    table = Table()
    table.add_column("stage", no_wrap=True)
    for column in ("amount", "runs", "why"):
        table.add_column(column, overflow="fold")
    for stage, status in plan:
        table.add_row(
            Text(stage.id), f"{stage.total} {stage.unit}", "no" if status.cached else "yes", Text(status.reason)
        )
    console.print(table)
