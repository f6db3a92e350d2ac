"""A report is written where it belongs, the same for equal runs, and only when its results are newer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from helpers.fake_reports import make_run

from msm_mlx.errors import RecipeError
from msm_mlx.report.conclusion import conclude
from msm_mlx.report.files import freshen_report, write_report
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.layout import CONCLUSION


def test_equal_runs_give_equal_pages(run: Path, page: str, tmp_path: Path) -> None:
    other = make_run(tmp_path / "other" / "cheese")
    assert write_report([other], other)[0].read_text(encoding="utf-8") == page
    elsewhere = write_report([run], tmp_path / "out")[0].read_text(encoding="utf-8")
    assert elsewhere.replace("../cheese/", "") == page


def test_a_report_is_made_anew_only_after_its_results(run: Path) -> None:
    freshen_report(run)
    conclusion = json.loads((run / CONCLUSION).read_text(encoding="utf-8"))
    assert conclusion["answer"] == conclude(open_run(run)).answer
    (run / "report.html").write_text("mine", encoding="utf-8")
    freshen_report(run)
    assert (run / "report.html").read_text(encoding="utf-8") == "mine"
    results = run / "evaluation" / "results.json"
    later = (run / "report.html").stat().st_mtime_ns + 10**9
    os.utime(results, ns=(later, later))
    freshen_report(run)
    assert (run / "report.html").read_text(encoding="utf-8") != "mine"


def test_an_unfinished_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="not a run folder"):
        write_report([tmp_path], tmp_path)
