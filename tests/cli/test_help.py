"""The help pages, word for word. `python tests/cli/test_help.py` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from msm_mlx.cli import documents, runs, spec
from msm_mlx.cli.main import COMMANDS, cli

GOLDEN = Path(__file__).parents[1] / "golden"
PAGES = (
    "msm-mlx",
    *COMMANDS,
    *(f"documents {name}" for name in documents.COMMANDS),
    *(f"spec {name}" for name in spec.spec.commands),
    *(f"runs {name}" for name in runs.runs.commands),
)


def golden(name: str) -> Path:
    return GOLDEN / f"help-{name.replace(' ', '-')}.txt"


def page(name: str) -> str:
    arguments = ["--help"] if name == "msm-mlx" else [*name.split(), "--help"]
    result = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(
        cli, arguments, prog_name="msm-mlx", terminal_width=80
    )
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("name", PAGES)
def test_help(name: str) -> None:
    assert page(name) == golden(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("group", ["msm-mlx", "documents", "spec", "runs"])
def test_no_line_about_a_command_is_cut_off(group: str) -> None:
    assert "..." not in page(group).partition("Commands:\n")[2]


def test_every_page_has_its_golden() -> None:
    assert {path.name for path in GOLDEN.glob("help-*.txt")} == {golden(name).name for name in PAGES}


if __name__ == "__main__":
    for each in PAGES:
        golden(each).write_text(page(each), encoding="utf-8")
