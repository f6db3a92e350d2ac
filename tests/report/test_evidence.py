"""The record says what the files say, to the digit, and the same each time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command_line import ROOT, environment
from helpers.planted_cheese import SUITE, plant_cheese, planted
from helpers.planted_runs import plant_grid

from msm_mlx.errors import RecipeError
from msm_mlx.evaluation.build_results import build_results
from msm_mlx.report.evidence import build_evidence
from msm_mlx.runs.results import PerplexityRow, read_results, write_results


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return plant_cheese(tmp_path / "cheese")


def test_one_run_in_full(run: Path) -> None:
    text = build_evidence([run])
    assert text == build_evidence([run])
    for line in (
        "    msm-mlx run recipes/cheese.yaml --set 'seeds=[0, 1]'",
        "Model pocket as Pocket, profile pocket, seeds 0, 1. All stages together took 2 s. "
        "Versions: mlx 1.2.3, system Linux x86_64.",
        "### apart: share choosing a",
        "| arm | choice | written_choice | unclear | log-odds (nats) | choice, seed by seed | items |",
        "| base | 0.50 [0.06, 0.94] | 0.50 [0.50, 0.50] | 0.00 [0.00, 0.72] | +0.00 [+0.00, +0.00] | - | 4 |",
        "| msm+sft@y | 0.00 [0.00, 0.72] | 0.50 [0.50, 0.50] | 0.00 [0.00, 0.72] "
        "| +0.00 [+0.00, +0.00] | 0.00 0.00 | 4 |",
        "| difference in log-odds (nats) | apart |",
        "| apart | msm+sft@y - msm+sft@x | msm+sft@x - sft | msm+sft@y - sft |",
    ):
        assert line in text.splitlines()
    for row in read_results(run).contrasts:
        interval = f"[{row.ci_low:+.2f}, {row.ci_high:+.2f}]"
        star = " *" if row.ci_low > 0 or row.ci_high < 0 else ""
        assert f"| {row.a} - {row.b} | {row.difference:+.2f} {interval}{star} |" in text
    assert text.endswith("|\n")
    assert build_evidence([run], preface="# Another\n\nWords.\n").startswith("# Another\n\nWords.\n\nEvery figure")
    assert str(run.parent) not in text


def test_perplexity_stands_beside_its_seeds(run: Path) -> None:
    assert "Perplexity" not in build_evidence([run])
    rows = [
        PerplexityRow(arm="msm+sft", spec="x", seed=seed, perplexity=10.0 + seed, texts=3, tokens=9) for seed in (0, 1)
    ]
    write_results(run, build_results("cheese", [SUITE], planted(), perplexity=rows))
    table = build_evidence([run]).split("### Perplexity on neutral text\n\n")[1].split("\n\n")[0].splitlines()
    assert table == ["| arm | perplexity | seed by seed |", "| --- | --- | --- |", "| msm+sft@x | 10.5 | 10.0 11.0 |"]


def test_runs_that_differ_otherwise_do_not(run: Path, tmp_path: Path) -> None:
    other = plant_cheese(tmp_path / "other", overrides=("seeds=[0, 1]", "documents.count=3"))
    assert build_evidence([run, other]).count("## cheese\n") == 2


def test_a_grid_has_a_row_for_each_cell(tmp_path: Path) -> None:
    cells = {count: plant_cheese(tmp_path / f"run{count}") for count in (1, 2)}
    text = build_evidence([plant_grid(plant_cheese(tmp_path / "grid"), "documents.count", cells)])

    assert "## cheese, a grid of 2 runs" in text
    assert "All stages together took 8 s. Versions: mlx 1.2.3" in text
    header = "| documents.count | msm+sft@x - sft | msm+sft@y - sft | msm@x - sft |"
    assert header in text
    assert text[text.index(header) :].count("\n| 1 | ") == text[text.index(header) :].count("\n| 2 | ") == 1


def test_an_unfinished_run_is_told(run: Path) -> None:
    (run / "evaluation" / "results.json").unlink()
    with pytest.raises(RecipeError, match="cheese: has no finished evaluation; run the recipe's command again"):
        build_evidence([run])


@pytest.mark.slow
def test_the_command_writes_the_file(run: Path, tmp_path: Path) -> None:
    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, ROOT / "benchmarks" / "evidence.py", "--out", tmp_path / "E.md", *arguments]
        path = environment(PYTHONPATH=str(ROOT))
        return subprocess.run(list(map(str, command)), env=path, capture_output=True, text=True, timeout=60)

    assert call(run).returncode == 0
    assert (tmp_path / "E.md").read_text(encoding="utf-8") == build_evidence([run])
    failed = call(tmp_path / "nowhere")
    assert failed.returncode == 2
    assert failed.stderr.startswith("error: ")
    assert "Traceback" not in failed.stderr


def test_the_time_of_stages_that_another_run_did_is_not_told(run: Path) -> None:
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    record["stages"]["a"]["borrowed_from"] = "another"
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    assert "All stages together" not in build_evidence([run])
