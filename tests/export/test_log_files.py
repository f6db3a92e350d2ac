"""Logs that lie in a run folder are those of its answers, or it is said that they are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from helpers.judged_runs import judged_run

from msm_mlx.export.log_files import freshen_logs
from msm_mlx.runs.layout import RESULTS


def planted_logs(run: Path, *names: str, seconds: float) -> list[Path]:
    """Files in place of logs, so many seconds younger than the results."""
    results = run / RESULTS
    paths = [results.parent / f"{name}.eval" for name in names]
    for path in paths:
        path.write_text("a log")
        os.utime(path, (results.stat().st_atime, results.stat().st_mtime + seconds))
    return paths


def freshen(run: Path) -> list[str]:
    said: list[str] = []
    freshen_logs(run, said.append)
    return said


def test_logs_of_earlier_answers_are_told_where_inspect_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    run = judged_run(tmp_path / "runs" / "judged")
    assert freshen(run) == []
    planted_logs(run, "open_base", seconds=1)
    assert freshen(run) == []
    [log] = planted_logs(run, "open_base", seconds=-1)
    [line] = freshen(run)
    assert f"are of earlier answers; with inspect-ai, `msm-mlx export {run} --format inspect`" in line
    assert log.read_text() == "a log"


@pytest.mark.slow
def test_logs_of_earlier_answers_are_written_anew_for_their_variants(tmp_path: Path) -> None:
    pytest.importorskip("inspect_ai", reason="needs the extra inspect")
    run = judged_run(tmp_path / "runs" / "judged")
    _, gone = planted_logs(run, "open_sft-s1", "dropped_sft-s1", seconds=-1)
    assert len(freshen(run)) == 1
    names = {log.stem for log in (run / "evaluation").glob("*.eval")}
    assert gone.stem not in names
    assert {name.partition("_")[2] for name in names} == {"sft-s1"}
    assert len(names) == 7
    assert freshen(run) == []
