"""`msm-mlx estimate`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from rich.text import Text

from msm_mlx.cli.output import err, out_lines
from msm_mlx.cli.recipes import recipe_command
from msm_mlx.console.tables import ConsoleTable
from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.models.hub import describe_model, human_size, model_config
from msm_mlx.pipeline.cost import StageForecast, advice, forecast, probe_settings
from msm_mlx.pipeline.experiment import Experiment
from msm_mlx.pipeline.plan import RunPlan, plan_run
from msm_mlx.pipeline.preflight import rehearsed
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.resources.machine import Machine, this_machine
from msm_mlx.resources.memory import Memory, ModelShape
from msm_mlx.text.terminal import literal
from msm_mlx.text.wording import human_time
from msm_mlx.training.metrics import ProbedTraining

BASIS = {
    "cpu": "Memory: fitted to measurements on Linux. Times are rough.",
    "metal": "Memory: measured on Linux and extrapolated to Metal. Times are rough.",
    "cuda": "Memory: measured on the CPU and extrapolated to CUDA. Times are guessed.",
}
BASIS_FOR_PROGRAMS = {"cpu": "fitted on Linux", "metal": "extrapolated to Metal", "cuda": "extrapolated to CUDA"}


@click.command()
@recipe_command
@click.option("--probe", is_flag=True, help="Also train two updates of each kind, and say what they really took.")
@click.option("--json", "as_json", is_flag=True, help="Print the estimate as JSON on stdout.")
def estimate(experiment: Experiment, probe: bool, as_json: bool) -> None:
    """Say how much memory and time a run takes here, stage by stage.

    No weights are downloaded for it. Rows and prompts are measured too, as `validate --model` does. Exit code 3 if a
    stage does not fit into this machine, with settings that do, and 2 if something cannot be learned, asked or read.

    \b
    Examples:
      msm-mlx estimate recipes/cheese_american.yaml --model mlx-community/Qwen3-8B-4bit
      msm-mlx estimate recipes/cheese_american.yaml --probe
    """
    machine = this_machine()
    shape = ModelShape.from_config(model_config(experiment.recipe.model))
    other_shapes = {role: ModelShape.from_config(model_config(name)) for role, name in experiment.recipe.others.items()}
    plan = plan_run(experiment.recipe)
    stages = forecast(plan, shape, machine, other_shapes)
    measured = _probe(experiment, plan, stages, shape, machine) if probe else {}
    if as_json:
        print(json.dumps(_plain(machine, shape, stages, measured), indent=2))
    else:
        _show(experiment, machine, stages, measured)
    misfits = [stage for stage in stages if not stage.fits]
    if misfits:
        raise SetupError("\n".join(f"{stage.kind} does not fit{advice(stage)}" for stage in misfits))
    findings = rehearsed(plan)
    for note in findings.notes:
        err().print(literal(note))
    if findings.problems:
        raise RecipeError("\n".join(findings.problems))


def _probe(
    experiment: Experiment, plan: RunPlan, stages: list[StageForecast], shape: ModelShape, machine: Machine
) -> dict[str, ProbedTraining]:
    """What an update of each kind of training takes, measured in its own process: of fewer rows where it takes long."""
    from msm_mlx.models.hub import resolve_model
    from msm_mlx.worker.job import training_job
    from msm_mlx.worker.supervisor import ModelProcess

    base = resolve_model(experiment.recipe.model, say=lambda line: err().print(line))
    measured: dict[str, ProbedTraining] = {}
    for stage in stages:
        trainings = [training for training in plan.of(Training) if training.kind == stage.kind]
        if trainings:
            settings, lora = trainings[0].settings, trainings[0].lora
            fewer = probe_settings(settings, shape, machine)
            job = training_job(base, trainings[0].method, fewer, lora, seed=0, probe=True)
            with ModelProcess(lambda line: None) as process:  # a new one for each, so that peaks do not mix
                measured[stage.kind] = process.probe(job).as_of(settings.batch_size)
    return measured


def _show(
    experiment: Experiment, machine: Machine, stages: list[StageForecast], measured: dict[str, ProbedTraining]
) -> None:
    title = f"{experiment.recipe.name}: {describe_model(experiment.recipe.model)}, profile {experiment.recipe.profile}"
    if experiment.recipe.written_by:
        title += f", documents by {experiment.recipe.written_by}"
    table = ConsoleTable(title=title, title_justify="left")
    for column in ("stage", "times", "memory", "made of", "time"):
        table.add_column(column, no_wrap=column != "made of", overflow="fold")
    if measured:
        table.add_column("measured", no_wrap=True)
    for stage in stages:
        memory = f"{human_size(stage.memory.total)}{'' if stage.fits else ' (too much)'}"
        cells = [stage.kind, str(stage.runs), memory, _parts(stage.memory), human_time(stage.seconds)]
        if measured:
            cells.append(human_size(measured[stage.kind].peak) if stage.kind in measured else "")
        table.add_row(*(Text(cell, "" if stage.fits else "error") for cell in cells))
    console = out_lines()
    for reason in filter(None, (experiment.recipe.profile_reason, experiment.recipe.name_reason)):
        console.print(literal(reason))
    console.print(table)
    console.print(Text(f"{machine.name} can spare {human_size(machine.memory)}. {BASIS[machine.backend]}"))
    for kind, probed in measured.items():
        console.print(Text(f"Measured for {kind}: an update takes {probed.seconds:.1f} s, {probed.measured_on}."))


def _parts(memory: Memory) -> str:
    """The parts of at least 1 %, the largest first."""
    parts = sorted(asdict(memory).items(), key=lambda part: -part[1])
    return ", ".join(f"{name} {human_size(size)}" for name, size in parts if size >= 0.01 * memory.total)


def _plain(
    machine: Machine, shape: ModelShape, stages: list[StageForecast], measured: dict[str, ProbedTraining]
) -> dict[str, object]:
    rows = []
    for stage in stages:
        row = {
            "stage": stage.kind,
            "runs": stage.runs,
            "memory_bytes": {**asdict(stage.memory), "total": stage.memory.total},
            "seconds": stage.seconds,
            "fits": stage.fits,
            "proposal": dict(stage.proposal.changes) if stage.proposal else None,
        }
        if stage.kind in measured:
            probed = measured[stage.kind]
            row["measured"] = {
                "peak_bytes": probed.peak,
                "seconds_an_update": probed.seconds,
                "rows": probed.rows,
                "updates": probed.updates,
            }
        rows.append(row)
    basis = BASIS_FOR_PROGRAMS[machine.backend]
    return {"machine": asdict(machine), "model": asdict(shape), "basis": basis, "stages": rows}
