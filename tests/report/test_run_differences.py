"""One arm in two runs is compared item by item."""

from __future__ import annotations

from pathlib import Path

from helpers.fake_reports import make_run

from msm_mlx.files import read_jsonl, write_jsonl
from msm_mlx.report.files import write_report


def test_the_same_arm_in_two_runs_is_compared_item_by_item(run: Path, tmp_path: Path) -> None:
    other = make_run(tmp_path / "other")
    path = other / "evaluation" / "answers.jsonl"
    rows = read_jsonl(path)
    for row in rows:
        if row["arm"] == "sft" and row["item"].startswith("apart/art-"):
            row["metrics"]["choice"] = 1 - row["metrics"]["choice"]
        if row["arm"] == "msm":
            row["prompt"] = "Something else?"
    write_jsonl(path, rows)
    text = write_report([run, other], tmp_path / "both")[1].read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| apart: ") and line.count("|") == 3]
    assert "| suite and arm | cheese less other |" in text
    assert "| apart: msm+sft | +0.00 [+0.00, +0.00] |" in lines
    [changed] = [line for line in lines if line.startswith("| apart: sft ")]
    flipped = [row["metrics"]["choice"] for row in rows if row["arm"] == "sft" and "/art-" in row["item"]]
    expected = sum(1 - 2 * choice for choice in flipped) / 40  # of 20 items and 2 seeds
    assert changed.startswith(f"| apart: sft | {expected:+.2f} [")
    assert not any("msm |" in line for line in lines), "other prompts are not the same items"
