"""`msm-mlx recipes` and `msm-mlx doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from rich.table import Table
from rich.text import Text

from msm_mlx.cli.output import out
from msm_mlx.cli.recipes import shipped_recipes
from msm_mlx.errors import SetupError

STYLES = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON on stdout.")
def recipes(as_json: bool) -> None:
    """List the recipes that come with msm-mlx."""
    found = {name: _summary(path.read_text(encoding="utf-8")) for name, path in shipped_recipes().items()}
    if as_json:
        print(json.dumps(found, indent=2))
        return
    table = Table("recipe", "what it asks")
    for name, summary in found.items():
        table.add_row(name, Text(summary))
    out().print(table)


def _summary(text: str) -> str:
    return text.splitlines()[0].lstrip("# ")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON on stdout.")
def doctor(as_json: bool) -> None:
    """Check this machine: versions, memory, the BLAS in use, the embedded model."""
    from msm_mlx.doctor import examine

    checks = examine()
    if as_json:
        print(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        table = Table("check", "", "found", "what to do")
        for check in checks:
            table.add_row(check.name, Text(check.status, STYLES[check.status]), Text(check.detail), Text(check.remedy))
        out().print(table)
    failed = [check.name for check in checks if check.status == "fail"]
    if failed:
        raise SetupError(f"not ready: {', '.join(failed)}")
