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
    page = re.sub(r"(?<=unfinished, )[\d.]+ kB", "420.0 kB", page)  # the record has keys of any length
    return "".join(f"{line.rstrip()}\n" for line in page.splitlines())


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a run of eight arms and five seeds: one seed of an arm is missing, and a file of another is gone."""
    folder = tmp_path_factory.mktemp("workspace")
    record_run(folder / "runs" / "cheese", *SETTINGS, without=["sft chats+sft-s3"])
    (folder / "runs/cheese/adapters/msm-s1/adapters.safetensors").unlink()
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("width", "screens"), [(80, 2), (40, 3)])
def test_show_is_a_tree_in_which_what_is_equal_is_one_line(
    width: int, screens: int, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    page = shown(width, "cheese")

    golden = GOLDEN / f"runs-show-{width}.txt"
    if os.environ.get("WRITE_GOLDENS"):
        golden.write_text(page, encoding="utf-8")
    assert page == golden.read_text(encoding="utf-8")
    assert max(map(len, page.splitlines())) <= width
    assert len(page.splitlines()) <= 24 * screens
