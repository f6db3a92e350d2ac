"""`msm-mlx documents plan`: what will be written, and how long it will take."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from msm_mlx.cli.output import out, print_json, reporter
from msm_mlx.cli.recipes import recipe_command
from msm_mlx.console.tables import ConsoleTree
from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.experiment import Experiment
from msm_mlx.recipe.arms import MSM, reads_spec
from msm_mlx.text.wording import human_time

if TYPE_CHECKING:
    from msm_mlx.documents.time_estimate import Outline, Pace
    from msm_mlx.pipeline.plan import RunPlan


@click.command()
@recipe_command
@click.option("--no-probe", is_flag=True, help="Do not load the writer to measure how fast it is here.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON on stdout.")
@click.option("--quiet", is_flag=True, help="No progress.")
def plan(experiment: Experiment, no_probe: bool, as_json: bool, quiet: bool) -> None:
    """Plan the documents and say what they will cost.

    By section and type, in tokens, and in time as a short probe measures it.

    The plan is documents/plan.jsonl in the run folder, one document a line. It may be edited: what is changed, added or
    taken out by hand stays so, and a higher documents.count adds to it.

    \b
    Examples:
      msm-mlx documents plan recipes/cheese_american.yaml
      msm-mlx documents plan my.yaml --model mlx-community/Qwen3-8B-4bit --set documents.ideas=3 --json
    """
    from msm_mlx.pipeline.paces import measure_paces
    from msm_mlx.pipeline.plan import plan_run
    from msm_mlx.pipeline.runner import run_recipe

    if experiment.recipe.settings.documents.source:
        _show_sources(experiment, as_json)
        return
    if experiment.recipe.grid:
        raise RecipeError(
            f"{experiment.recipe.path}: has a grid; choose one of its combinations with --set and 'grid={{}}'"
        )
    if not any(reads_spec(arm) for arm in experiment.recipe.arms):
        raise RecipeError(f"{experiment.recipe.path}: no arm reads documents; add msm or msm+sft to arms")
    with reporter(quiet=quiet or as_json) as report:
        for reason in filter(None, (experiment.recipe.profile_reason, experiment.recipe.name_reason)):
            report.say(reason)
        run_recipe(experiment.recipe, experiment.run, report, ["plan"])
    planned = plan_run(experiment.recipe)
    outlines = dict(_outlines(experiment, planned))
    paces = {} if no_probe else measure_paces(planned, experiment.run)
    if as_json:
        print_json(_plain(experiment, outlines, paces))
    else:
        _show(experiment, outlines, paces)


def _show_sources(experiment: Experiment, as_json: bool) -> None:
    """How many texts are taken from each source of ready-made documents, for which there is no plan."""
    from msm_mlx.documents.sources import survey

    settings = experiment.recipe.settings.documents
    surveys = {spec.stem: survey(str(settings.source_of(spec.stem)), settings) for spec in experiment.recipe.specs}
    if as_json:
        rows = [{"spec": spec, **asdict(source)} for spec, source in surveys.items()]
        print(json.dumps({"run": str(experiment.run.path), "plans": [], "probe": None, "sources": rows}, indent=2))
        return
    for spec, source in surveys.items():
        short = "" if source.texts >= settings.count else f", for there are no {settings.count:,}"
        out().print(
            Text(f"{spec}: {source.wanted:,} of the {source.texts:,} texts of {source.name}{short}. Nobody writes.")
        )


def _outlines(experiment: Experiment, plan: RunPlan) -> Iterator[tuple[str, Outline]]:
    """The outline of each spec's plan, with the file that it is in."""
    from msm_mlx.documents.time_estimate import outline_plan
    from msm_mlx.pipeline.stages.document_plan import DocumentPlan
    from msm_mlx.pipeline.stages.documents import WrittenDocuments

    written = {stage.plan: stage.documents for stage in plan.of(WrittenDocuments) if stage.training == MSM}
    for stage in plan.of(DocumentPlan):
        documents = experiment.run.path / written.get(stage.file, stage.file)
        yield stage.file, outline_plan(stage.slots(experiment.run), stage.settings, documents)


def _seconds(outline: Outline, paces: dict[str, Pace]) -> float:
    """For what is left, as the writers do their parts one after another."""
    return sum(pace.seconds(outline.part_of(writer)) for writer, pace in paces.items())


def _plain(experiment: Experiment, outlines: dict[str, Outline], paces: dict[str, Pace]) -> dict[str, Any]:
    plans = []
    for file, outline in outlines.items():
        row = {"file": str(experiment.run.path / file), **asdict(outline), "left": outline.left}
        plans.append(row | {"seconds": round(_seconds(outline, paces), 1) if paces else None})
    probes = {writer: asdict(pace) for writer, pace in paces.items()}
    return {"run": str(experiment.run.path), "plans": plans, "probe": probes.get("", probes or None)}


def _show(experiment: Experiment, outlines: dict[str, Outline], paces: dict[str, Pace]) -> None:
    from msm_mlx.text.terminal import literal

    console = out()
    for file, outline in outlines.items():
        tree = ConsoleTree(Text.assemble((str(experiment.run.path / Path(file)), "bold")), guide_style="quiet")
        for section, types in outline.by_section.items():
            counts = ", ".join(f"{count} {kind}" for kind, count in sorted(types.items()))
            tree.add(
                Text.assemble((literal(section).plain, "name"), f"  {sum(types.values())}: {literal(counts).plain}")
            )
        console.print(tree)
        console.print(literal(_summary(outline, paces)))


def _summary(outline: Outline, paces: dict[str, Pace]) -> str:
    types: Counter[str] = Counter()
    for section_types in outline.by_section.values():
        types.update(section_types)
    ideas = f", {outline.ideas} with an idea of their own" if outline.ideas else ""
    written = f", {outline.written} of them written" if outline.written else ""
    tokens = f"About {outline.tokens:,} tokens to write, {outline.tokens_from}."
    lines = [
        f"{outline.documents} documents in {len(outline.by_section)} sections and {len(types)} types{ideas}{written}.",
        tokens if outline.left else "Nothing is left to write.",
    ]
    if outline.by_writer:
        counts = ", ".join(f"{count:,} by {writer}" for writer, count in outline.by_writer.items())
        lines.append(
            f"Drafts are shared out by their seeds, at first {counts}; one that is rejected goes to any of them."
        )
    if paces and outline.left:
        measured = "; ".join(
            f"{pace.measured_on}{f' by {writer}' if writer else ''}: {_rate(pace.tokens_per_second)} tokens/s here, "
            f"after {pace.reading:.2f} s of reading"
            for writer, pace in paces.items()
        )
        lines.append(f"About {human_time(_seconds(outline, paces))} if all pass the checks, {measured}.")
    return "\n".join(lines)


def _rate(tokens: float) -> str:
    return f"{tokens:,.0f}" if tokens >= 10 else f"{tokens:.2g}"
