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
from msm_mlx.runs.finished import FinishedRun, open_run
from msm_mlx.runs.layout import CONCLUSION, REPORT_HTML, REPORT_MARKDOWN, RESULTS, effect_plot


def write_report(folders: Sequence[Path], out: Path) -> tuple[Path, Path]:
    """Write the report of these runs into `out`, and return its two files.

    Raises:
        RecipeError: if one of them is no finished run.
    """
    return _write_report([open_run(folder) for folder in folders], out)


def _write_report(runs: Sequence[FinishedRun], out: Path) -> tuple[Path, Path]:
    places = [Path(os.path.relpath(run.folder, out)).as_posix() for run in runs]
    report = build_report(runs, read_question(runs[0].recipe.path), places)
    html, markdown = out / REPORT_HTML, out / REPORT_MARKDOWN
    write_text(html, to_html(report))
    write_text(markdown, to_markdown(report))
    return html, markdown


def freshen_report(folder: Path) -> None:
    """Write the report of a finished run into its folder, if its results are newer than the one that is there; of a
    grid, its plots too. Beside it, what it comes to in words, for whoever tells of the run without opening it."""
    results, html = folder / RESULTS, folder / REPORT_HTML
    if not html.is_file() or html.stat().st_mtime < results.stat().st_mtime:
        run = open_run(folder)
        conclusion = conclude(run)
        words = {"question": conclusion.question, "answer": conclusion.answer, "doubt": conclusion.doubt}
        write_json(folder / CONCLUSION, words)
        _write_report([run], folder)
        for suite, svg in (draw_effects(run.results) if run.results.grid else {}).items():
            write_text(folder / effect_plot(suite), svg)
