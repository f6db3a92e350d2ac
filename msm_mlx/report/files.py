"""The files of a report: `report.html` and `report.md`, with the same figures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from msm_mlx.files import write_json, write_text
from msm_mlx.recipe.shipped import read_question
from msm_mlx.report.blocks import to_html, to_markdown
from msm_mlx.report.conclusion import conclude
from msm_mlx.report.effects import draw_effects
from msm_mlx.report.page import build_report
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.layout import CONCLUSION, REPORT_HTML, REPORT_MARKDOWN, RESULTS, effect_plot
from msm_mlx.runs.results import read_results


def write_report(folders: Sequence[Path], out: Path) -> tuple[Path, Path]:
    """Write the report of these runs into `out`, and return its two files.

    Raises:
        RecipeError: if one of them is no finished run.
    """
    runs = [open_run(folder) for folder in folders]
    places = [Path(os.path.relpath(folder, out)).as_posix() for folder in folders]
    report = build_report(runs, read_question(runs[0].recipe.path), places)
    html, markdown = out / REPORT_HTML, out / REPORT_MARKDOWN
    write_text(html, to_html(report))
    write_text(markdown, to_markdown(report))
    return html, markdown


def freshen_report(run: Path) -> None:
    """Write the report of a finished run into its folder, if its results are newer than the one that is there; of a
    grid, its plots too. Beside it, what it comes to in words, for whoever tells of the run without opening it."""
    results, html = run / RESULTS, run / REPORT_HTML
    if not html.is_file() or html.stat().st_mtime < results.stat().st_mtime:
        conclusion = conclude(open_run(run))
        words = {"question": conclusion.question, "answer": conclusion.answer, "doubt": conclusion.doubt}
        write_json(run / CONCLUSION, words)
        write_report([run], run)
        _write_plots(run)


def _write_plots(run: Path) -> None:
    results = read_results(run)
    for suite, svg in (draw_effects(results) if results.grid else {}).items():
        write_text(run / effect_plot(suite), svg)
