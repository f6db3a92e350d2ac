"""The help pages, word for word. `python tests/cli/test_help.py` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from msm_mlx.cli.main import COMMANDS, cli

GOLDEN = Path(__file__).parents[1] / "golden"
PAGES = ("msm-mlx", *COMMANDS)


def page(name: str) -> str:
    arguments = ["--help"] if name == "msm-mlx" else [name, "--help"]
    result = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(
        cli, arguments, prog_name="msm-mlx", terminal_width=80
    )
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("name", PAGES)
def test_help(name: str) -> None:
    assert page(name) == (GOLDEN / f"help-{name}.txt").read_text(encoding="utf-8")


def test_every_page_has_its_golden() -> None:
    assert {path.name for path in GOLDEN.glob("help-*.txt")} == {f"help-{name}.txt" for name in PAGES}


if __name__ == "__main__":
    for each in PAGES:
        (GOLDEN / f"help-{each}.txt").write_text(page(each), encoding="utf-8")
