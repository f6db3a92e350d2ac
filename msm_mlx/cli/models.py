"""`msm-mlx models`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from msm_mlx.cli.appraisals import ModelOrFolder, appraise_named, show_appraisal
from msm_mlx.cli.lazy import LazyCommand, LazyGroup
from msm_mlx.cli.offline import offline_option
from msm_mlx.cli.output import err, out
from msm_mlx.console.tables import ConsoleTable
from msm_mlx.models.hub import human_size, models_home
from msm_mlx.text.commands import command
from msm_mlx.text.terminal import literal

if TYPE_CHECKING:
    from msm_mlx.resources.machine import Machine
    from msm_mlx.resources.model_choice import KnownModel, Recommendation

USES = ("writing", "midtraining", "comparing")


class ModelsGroup(LazyGroup):
    """Takes what is not one of its commands as arguments of the list."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.lazy, *ctx.help_option_names}:
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=ModelsGroup,
    sections={
        "Commands": {
            "list": LazyCommand(
                "msm_mlx.cli.models:list_command", "Show the models that are here, what fits, and which to choose."
            ),
            "import": LazyCommand(
                "msm_mlx.cli.import_model:import_model",
                "Make a model folder of a GGUF FILE, as Ollama, LM Studio and llama.cpp have them.",
            ),
        }
    },
    subcommand_metavar="[MODEL... | FOLDER... | COMMAND [ARGS]...]",
)
def models() -> None:
    """Show the models that are here and what fits, or import one.

    `msm-mlx models` is short for `msm-mlx models list`.
    """


@click.command("list")
@click.argument("folders", nargs=-1, type=ModelOrFolder(), metavar="[MODEL|FOLDER]...")
@offline_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON on stdout.")
def list_command(folders: tuple[Path, ...], as_json: bool) -> None:
    """Show the models that are here, what fits, and which to choose.

    Looks into the hub's cache and into FOLDERs, by default `models` in the working folder or in $MSM_MLX_HOME. The
    memory is that of the laptop profile, from each model's config.json.

    Of a MODEL, a folder or a name, it says instead what works: whether its template can be learned, and how it writes,
    scores, trains and compares. For that it is loaded.
    """
    if appraisals := appraise_named(folders):
        if as_json:
            plain = {name: [asdict(finding) for finding in findings] for name, findings in appraisals.items()}
            print(json.dumps({"appraisals": plain}, indent=2))
            return
        for name, findings in appraisals.items():
            show_appraisal(name, findings)
        return
    from huggingface_hub.constants import HF_HUB_CACHE

    from msm_mlx.resources.machine import this_machine
    from msm_mlx.resources.model_choice import list_models, recommendations

    machine = this_machine()
    models_here = list_models(folders or (models_home(),), Path(HF_HUB_CACHE), machine)
    advice = list(recommendations())
    if as_json:
        rows = [model.plain() | {"fits": model.needs and model.needs.fits(machine.memory)} for model in models_here]
        content = {"machine": asdict(machine), "models": rows, "recommended": [asdict(entry) for entry in advice]}
        print(json.dumps(content, indent=2))
        return
    _show_models(models_here, machine)
    _show_advice(advice)


def _show_models(models_here: Sequence[KnownModel], machine: Machine) -> None:
    """A table of the models on this machine; below it what is wrong with one, or what makes it fit."""
    table = _table("model", "weights", *USES, title=f"On this machine, which can spare {human_size(machine.memory)}")
    for model in models_here:
        if model.needs is None:
            err().print(literal(f"{model.name}: {model.problem}"))
            continue
        fits = model.needs.fits(machine.memory)
        cells = [f"{human_size(getattr(model.needs, use))}{'' if fits[use] else ' (too much)'}" for use in USES]
        table.add_row(*map(literal, (model.name, human_size(model.size), *cells)))
        if model.needs.changes and all(fits.values()):
            options = command(*(word for change in model.needs.changes for word in ("--set", change)))
            err().print(literal(f"{model.name} fits with {options}"), soft_wrap=True)
    out().print(table)


def _show_advice(advice: Sequence[Recommendation]) -> None:
    """A table of the models to choose by the memory of a Mac; below it the settings that make them fit."""
    table = _table(
        "memory", "model", *USES, title="To choose by the memory of a Mac (extrapolated, not tried on Metal)"
    )
    for entry in advice:
        sizes = [human_size(getattr(entry.needs, use)) for use in USES] if entry.needs else ["", "", ""]
        table.add_row(*map(literal, (f"{entry.gigabytes} GB", entry.model or "pocket, the embedded model", *sizes)))
    out().print(table)
    for changes in dict.fromkeys(entry.needs.changes for entry in advice if entry.needs):
        memories = [str(entry.gigabytes) for entry in advice if entry.needs and entry.needs.changes == changes]
        options = command(*(word for change in changes for word in ("--set", change)))
        err().print(literal(f"With {', '.join(memories)} GB add: {options}"), soft_wrap=True)


def _table(*columns: str, title: str) -> ConsoleTable:
    table = ConsoleTable(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
