"""`msm-mlx recipes`, `specs` and `doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from rich.padding import Padding
from rich.text import Text

from msm_mlx.cli.offline import offline_option
from msm_mlx.cli.output import out
from msm_mlx.console.tables import ConsoleTable
from msm_mlx.errors import SetupError
from msm_mlx.recipe.shipped import read_question, shipped_recipes, shipped_specs

STYLES = {"ok": "ok", "warn": "warning", "fail": "error"}


@click.command()
@click.option("--settings", is_flag=True, help="List all that a recipe may say, with defaults and meanings.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON on stdout.")
def recipes(settings: bool, as_json: bool) -> None:
    """List the experiments that come with msm-mlx, by their recipes."""
    if settings:
        _show_settings(as_json)
        return
    questions = {name: read_question(path) for name, path in shipped_recipes().items()}
    _list(questions, "recipe", "what it asks", as_json)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON on stdout.")
def specs(as_json: bool) -> None:
    """List the specs that come with msm-mlx, with their files."""
    _list({name: str(path) for name, path in shipped_specs().items()}, "spec", "file", as_json)


def _show_settings(as_json: bool) -> None:
    from msm_mlx.recipe.reference import list_settings

    settings = list_settings()
    if as_json:
        print(json.dumps([asdict(setting) for setting in settings], indent=2))
        return
    for setting in settings:
        choices = f" Takes {', '.join(setting.choices)}." if setting.choices else ""
        out().print(Text.assemble((setting.key, "bold"), f"  {setting.default}"))
        out().print(Padding(Text(setting.meaning + choices), (0, 0, 0, 4)))
    out().print(
        "\nIn a recipe, documents, midtrain, sft, lora and evaluation stand below a profile; --set takes them so."
    )


def _list(rows: dict[str, str], name_column: str, text_column: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = ConsoleTable()
    table.add_column(name_column, no_wrap=True)
    table.add_column(text_column, overflow="fold")
    for name, text in rows.items():
        table.add_row(name, Text(text))
    out().print(table)


@click.command()
@offline_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON on stdout.")
def doctor(as_json: bool) -> None:
    """Check that this machine is ready, and say what to do if not.

    Versions, memory, disk, BLAS, hub, terminal, and a tiny writing and training. Ends with a block to paste in a
    bug report. Exit code 3 if something is not ready.
    """
    from msm_mlx.doctor import examine, paste_block

    diagnoses = examine()
    if as_json:
        print(json.dumps([asdict(diagnosis) for diagnosis in diagnoses], indent=2))
    else:
        table = ConsoleTable("check", "status", "found", "what to do")
        for diagnosis in diagnoses:
            status = Text(diagnosis.status, STYLES[diagnosis.status])
            table.add_row(diagnosis.name, status, Text(diagnosis.detail), Text(diagnosis.remedy))
        out().print(table)
        out().print("For a bug report:")
        out().print(paste_block(diagnoses), markup=False, soft_wrap=True)
    failed = [diagnosis.name for diagnosis in diagnoses if diagnosis.status == "fail"]
    if failed:
        raise SetupError(f"this machine: not ready: {', '.join(failed)}; do what the last column says")
