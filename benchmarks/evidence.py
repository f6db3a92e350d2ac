"""The record of finished runs, from their results files.

    python benchmarks/evidence.py --out msm_mlx/pocket/EVIDENCE.md RUN...

RUN is a run folder, of a single run or of a grid. Runs that differ in `model_name` alone share one table. Equal files
give equal records.
"""

from __future__ import annotations

from pathlib import Path

import click

from msm_mlx.errors import MsmError
from msm_mlx.files import write_text
from msm_mlx.report.evidence import build_evidence


@click.command(help=__doc__)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The Markdown file to write.")
@click.option("--preface", type=click.Path(path_type=Path, exists=True), help="Markdown that stands before the record.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def main(context: click.Context, out: Path, preface: Path | None, runs: tuple[Path, ...]) -> None:
    try:
        before = {"preface": preface.read_text(encoding="utf-8")} if preface else {}
        write_text(out, build_evidence(runs, **before))
    except MsmError as error:
        click.echo(f"error: {error}", err=True)
        context.exit(error.exit_code)


if __name__ == "__main__":
    main()
