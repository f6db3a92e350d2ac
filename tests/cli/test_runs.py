"""`runs show` on a screen of 80 columns and one of 40, word for word.

`WRITE_GOLDENS=1 pytest tests/cli/test_runs.py` writes the goldens anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.recorded_runs import record_run

from msm_mlx.cli.main import cli as commands

GOLDEN = Path(__file__).parents[1] / "golden"
SETTINGS = (
    "arms=[base, sft, msm, msm+sft, control+sft, chats+sft, sft+msm, msm+sft+context]",
    "seeds=[0, 1, 2, 3, 4]",
)


def shown(width: int, *words: str) -> str:
    result = CliRunner(env={"COLUMNS": str(width), "NO_COLOR": "1"}).invoke(commands, ["runs", "show", *words])
    assert result.exit_code == 0, result.output
    page = re.sub(r"\d{4}-\d\d-\d\d\s\d\d:\d\d", "2026-11-27 09:41", result.stdout)
    return "".join(f"{line.rstrip()}\n" for line in page.splitlines())


@pytest.mark.parametrize("width", [80, 40])
def test_a_run_of_eight_arms_and_five_seeds(width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    record_run(tmp_path / "runs" / "cheese", *SETTINGS, without=["sft chats+sft-s3"])
    (tmp_path / "runs/cheese/adapters/msm-s1/adapters.safetensors").unlink()
    page = shown(width, "cheese")

    golden = GOLDEN / f"runs-show-{width}.txt"
    if os.environ.get("WRITE_GOLDENS"):
        golden.write_text(page, encoding="utf-8")
    assert page == golden.read_text(encoding="utf-8")
    assert max(map(len, page.splitlines())) <= width
    assert len(page.splitlines()) <= 72
