"""The files of a report: `report.html` and `report.md`, with the same figures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from msm_mlx.files import write_text
from msm_mlx.report.blocks import to_html, to_markdown
from msm_mlx.report.content import build_report
from msm_mlx.report.finished import read_run
from msm_mlx.shipped import read_question
from msm_mlx.stages import RESULTS

HTML, MARKDOWN = "report.html", "report.md"


def write_report(folders: Sequence[Path], out: Path) -> tuple[Path, Path]:
    """Write the report of these runs into `out`, and return its two files.

    Raises:
        RecipeError: if one of them is no finished run.
    """
    runs = [read_run(folder) for folder in folders]
    places = [Path(os.path.relpath(folder, out)).as_posix() for folder in folders]
    report = build_report(runs, read_question(Path(runs[0].recipe["path"])), places)
    html, markdown = out / HTML, out / MARKDOWN
    write_text(html, to_html(report))
    write_text(markdown, to_markdown(report))
    return html, markdown


def freshen_report(run: Path) -> None:
    """Write the report of a finished run into its folder, if its results are newer than the one that is there."""
    results, html = run / RESULTS, run / HTML
    if not html.is_file() or html.stat().st_mtime < results.stat().st_mtime:
        write_report([run], run)
