"""What a run shows at its end, on a terminal and in a file."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from helpers.fake_reports import make_run
from helpers.planted_runs import plant_grid
from rich.console import Console

from msm_mlx.cli.ending import show_ending
from msm_mlx.runs.finished import open_run

GOLDEN = Path(__file__).parents[1] / "golden" / "ending.txt"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "cheese")


def ending_of(run: Path, width: int = 100, *, terminal: bool = False) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, color_system=None, legacy_windows=False)
    show_ending(console, open_run(run))
    return [line.rstrip() for line in file.getvalue().strip("\n").splitlines()]


def test_in_a_file_each_of_the_three_lines_is_one_line(run: Path) -> None:
    lines = ending_of(run, 40)
    assert [line.partition(":")[0] for line in lines[:3]] == ["Asked", "Found", "May be wrong"]
    assert lines[3] == ""


@pytest.mark.parametrize("width", [60, 80, 120])
def test_on_a_terminal_the_labels_stand_beside_the_lines(run: Path, width: int) -> None:
    lines = ending_of(run, width, terminal=True)
    lines = lines[: lines.index("")]
    assert lines[0].startswith("Asked         Do documents about x change")
    assert all(len(line) <= width for line in lines)
    assert {line[:14].strip() for line in lines} == {"Asked", "Found", "May be wrong", ""}


def test_on_a_narrow_terminal_they_stand_before_them(run: Path) -> None:
    lines = ending_of(run, 40, terminal=True)
    assert lines[0].startswith("Asked: Do documents about x")
    assert all(len(line) <= 40 for line in lines[: lines.index("")])


def test_answers_and_tables_follow(run: Path) -> None:
    page = "\n".join(ending_of(run))
    places = [
        page.index(part) for part in ("Found:", "3 of 20 prompts of apart", "2 of the other 17", "Shares", "a - b")
    ]
    assert places == sorted(places)
    assert "I prefer a." in page


def test_what_a_model_wrote_is_short_and_no_command_to_the_terminal(tmp_path: Path) -> None:
    page = "\n".join(ending_of(make_run(tmp_path / "run", said="\x1b[31mred " + "long " * 100), 200))
    assert "\x1b" not in page
    assert "\\u001b[31mred" in page
    assert page.count("long") < 40 * 10


def test_a_grid_ends_with_its_effects(run: Path, tmp_path: Path) -> None:
    cells = {10: make_run(tmp_path / "a"), 20: make_run(tmp_path / "b")}
    page = "\n".join(ending_of(plant_grid(run, "midtrain.updates", cells)))
    assert "Asked: How does the difference between msm+sft and sft depend on midtrain.updates (10, 20)?" in page
    assert "Differences on apart, with 95 % intervals" in page


def test_the_ending_of_a_real_run_is_the_golden_one(finished_run: Path) -> None:
    """But for figures and for what was answered, which depend on the machine."""
    assert masked_ending(finished_run) == GOLDEN.read_text(encoding="utf-8")


def masked_ending(run: Path) -> str:
    """What `run` ends with, without its answers and its figures."""
    page = "\n".join(ending_of(run, 80))
    before, _, rest = page.partition("3 of 44 prompts")
    tables = rest[rest.index("Shares, with") :].replace(str(run), "RUN")
    return re.sub(r"[+-]?\d+\.\d\d|\(\d+\)", "0.00", f"{before}{tables}\n")
