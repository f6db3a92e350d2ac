"""`msm-mlx report`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from msm_mlx.cli.completion import RUN
from msm_mlx.cli.output import err


@click.command()
@click.argument("runs", type=RUN, nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of report.html and report.md; by default that of the run, and the current one for several runs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print where the files are as JSON on stdout.")
def report(runs: tuple[Path, ...], out: Path | None, as_json: bool) -> None:
    """Write what was found as one page to read or to send.

    As report.html and report.md. Several runs are put side by side first. The page needs no network.

    \b
    Examples:
      msm-mlx report latest
      msm-mlx report runs/cheese_american runs/cheese_affordable --out both
    """
    from msm_mlx.report.files import write_report

    html, markdown = write_report(runs, out or (runs[0] if len(runs) == 1 else Path()))
    if as_json:
        print(json.dumps({"html": str(html), "markdown": str(markdown)}, indent=2))
    else:
        err().print(f"The report is in {html} and {markdown}.", markup=False)
