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
from rich.tree import Tree

from msm_mlx.cli.estimate import human_time
from msm_mlx.cli.output import out, print_json, reporter
from msm_mlx.cli.recipes import recipe_command
from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.experiment import Experiment
from msm_mlx.recipe.arms import MSM, reads_spec

if TYPE_CHECKING:
    from msm_mlx.documents.time_estimate import Outline, Pace
    from msm_mlx.engine.chat_model import ChatModel
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
    pace = None if no_probe else _pace(experiment, planned)
    if as_json:
        print_json(_plain(experiment, outlines, pace))
    else:
        _show(experiment, outlines, pace)


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


def _pace(experiment: Experiment, plan: RunPlan) -> Pace | None:
    from msm_mlx.documents.time_estimate import measure_pace
    from msm_mlx.pipeline.stages.document_plan import DocumentPlan

    for stage in plan.of(DocumentPlan):
        if slots := stage.slots(experiment.run):
            return measure_pace(_writer(experiment), slots, stage.spec, stage.settings)
    return None


def _writer(experiment: Experiment) -> ChatModel:
    from msm_mlx.engine.loaded_model import load_base
    from msm_mlx.engine.local_model import LocalModel
    from msm_mlx.engine.server_model import ServerModel
    from msm_mlx.pipeline.status import model_for

    settings = experiment.recipe.settings.documents.writer
    if settings and settings.server:
        return ServerModel(settings.server, settings.model, settings.concurrency)
    base = model_for("writer", experiment.recipe, experiment.run)
    return LocalModel(load_base(base.folder, base.choice))


def _plain(experiment: Experiment, outlines: dict[str, Outline], pace: Pace | None) -> dict[str, Any]:
    plans = []
    for file, outline in outlines.items():
        row = {"file": str(experiment.run.path / file), **asdict(outline), "left": outline.left}
        plans.append(row | {"seconds": round(pace.seconds(outline), 1) if pace else None})
    return {"run": str(experiment.run.path), "plans": plans, "probe": asdict(pace) if pace else None}


def _show(experiment: Experiment, outlines: dict[str, Outline], pace: Pace | None) -> None:
    from msm_mlx.text.terminal import literal

    console = out()
    for file, outline in outlines.items():
        tree = Tree(Text.assemble((str(experiment.run.path / Path(file)), "bold")), guide_style="dim")
        for section, types in outline.by_section.items():
            counts = ", ".join(f"{count} {kind}" for kind, count in sorted(types.items()))
            tree.add(
                Text.assemble((literal(section).plain, "cyan"), f"  {sum(types.values())}: {literal(counts).plain}")
            )
        console.print(tree)
        console.print(Text(_summary(outline, pace)))


def _summary(outline: Outline, pace: Pace | None) -> str:
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
    if pace and outline.left:
        lines.append(
            f"About {human_time(pace.seconds(outline))} if all pass the checks, {pace.measured_on}: "
            f"{_rate(pace.tokens_per_second)} tokens/s here, after {pace.reading:.2f} s of reading."
        )
    return "\n".join(lines)


def _rate(tokens: float) -> str:
    return f"{tokens:,.0f}" if tokens >= 10 else f"{tokens:.2g}"
