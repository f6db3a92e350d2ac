"""What `msm-mlx` shows without a command, word for word.

`WRITE_GOLDENS=1 pytest tests/cli/test_start.py` writes the golden anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.command_line import ROOT
from helpers.recorded_runs import record_run

from msm_mlx.cli.main import cli as commands
from msm_mlx.files import write_json
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import CONCLUSION

GOLDEN = Path(__file__).parents[1] / "golden" / "start.txt"
FOUND = "On values_apart, the documents moved choices. msm+sft has 0.91 and sft 0.42. Of the other suites, none did."


def shown(width: int) -> str:
    result = CliRunner(env={"COLUMNS": str(width), "NO_COLOR": "1"}).invoke(commands, [])
    assert result.exit_code == 0
    page = re.sub(r"\d{4}-\d\d-\d\d\s+\d\d:\d\d", "2026-11-27 09:41", result.stdout)
    return page.replace(f"{ROOT}/", "")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MSM_MLX_HOME", raising=False)
    return tmp_path / "runs" / "cheese"


def test_the_page_word_for_word(folder: Path) -> None:
    pages = {"no run": shown(80)}
    record_run(folder, "arms=[base, sft]", "seeds=[0]", without=["evaluate"])
    run, begun = RunFolder(folder), "evaluate base"
    run.begin(begun, {}, ["evaluation/variants/base.jsonl"])
    pages["stopped"] = shown(80)
    run.note(begun, failure="the model reads 64 tokens; ask something shorter\nand more")
    pages["failed"] = shown(80)
    with run.lock():
        pages["running"] = shown(80)
    record_run(folder, "arms=[base, sft]", "seeds=[0]")
    pages["finished, and without a report"] = shown(80)
    write_json(folder / CONCLUSION, {"answer": FOUND})
    pages |= {f"finished, {width} columns": shown(width) for width in (80, 40)}
    (folder / "run.json").write_text("{")
    pages["damaged"] = shown(80)
    text = "\n".join(f"== {name}\n{page}" for name, page in pages.items())

    if os.environ.get("WRITE_GOLDENS"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
