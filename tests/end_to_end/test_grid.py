"""A grid as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.command_line import FEW_ITEMS, RECIPES, SMALL, Cli

pytestmark = pytest.mark.slow

RECIPE = RECIPES / "cheese_american.yaml"
ARGUMENTS = [
    *[o for o, after in zip(SMALL, [*SMALL[1:], ""], strict=True) if "midtrain.updates" not in o + after],
    *FEW_ITEMS, "--set", "grid={midtrain.updates: [2, 4]}", "--run-dir", "grid",
]  # fmt: skip


def test_a_grid_shares_what_its_cells_have_in_common_and_is_compared(cli: Cli, tmp_path: Path) -> None:
    before = json.loads(cli("run", RECIPE, *ARGUMENTS, "--dry-run", "--json").stdout)["stages"]
    assert sum(stage["run"] for stage in before) == 11 + 5
    done = cli("run", RECIPE, *ARGUMENTS)

    assert done.returncode == 0, done.stderr
    # plan, documents, demonstrations, sft and two answers
    assert done.stderr.count("copied from the run midtrain.updates=2") == 6
    assert "midtrain.updates" in done.stdout
    assert "msm+sft - sft" in done.stdout
    run = tmp_path / "grid"
    results = json.loads((run / "evaluation" / "results.json").read_text(encoding="utf-8"))
    assert results["grid"] == {"midtrain.updates": [2, 4]}
    cells = [{"midtrain.updates": 2}, {"midtrain.updates": 4}]
    assert [row["cell"] for row in results["contrasts"]] == [cell for cell in cells for _ in range(3)]
    assert (run / "evaluation" / "effect-values_apart.svg").exists()
    assert sorted(path.name for path in (run / "cells").iterdir()) == ["midtrain.updates=2", "midtrain.updates=4"]

    again = cli("run", RECIPE, *ARGUMENTS, "--json")
    outcome = json.loads(again.stdout)
    assert set(outcome["cells"]) == {"midtrain.updates=2", "midtrain.updates=4"}
    assert outcome["results"] == results
    after = json.loads(cli("run", RECIPE, *ARGUMENTS, "--dry-run", "--json").stdout)["stages"]
    assert not any(stage["run"] for stage in after)

    refused = cli("compare", "grid")
    assert refused.returncode == 2
    assert "is a grid of runs; name one or more of those in grid/cells" in refused.stderr
    assert cli("compare", "grid/cells/midtrain.updates=4").returncode == 0


@pytest.mark.parametrize("grid", ["{midtrain.updats: [2]}", "{midtrain.updates: [two]}"])
def test_a_wrong_grid_is_told_before_anything_runs(cli: Cli, tmp_path: Path, grid: str) -> None:
    done = cli("run", RECIPE, "--set", f"grid={grid}", "--run-dir", "grid")
    assert done.returncode == 2
    assert "--set grid=" in done.stderr
    assert not (tmp_path / "grid").exists()
