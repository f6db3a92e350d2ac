"""What a run has stored, opened again."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.compare.stored import StoredRun, open_run
from msm_mlx.errors import RecipeError
from msm_mlx.files import write_json, write_jsonl, write_text
from msm_mlx.runs.layout import ANSWERS, RECORD, RESULTS

ROW = {"item": "american_values/art-1", "suite": "american_values", "kind": "pairs", "arm": "sft", "seed": 0}
ROW |= {"metrics": {"choice": 1.0}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_json(tmp_path / RECORD, {"schema": 1, "stages": {}})
    write_jsonl(tmp_path / ANSWERS, [ROW])
    write_json(tmp_path / RESULTS, {"contrasts": []})
    return tmp_path


def test_a_finished_run_opens(folder: Path) -> None:
    assert open_run(folder) == StoredRun(folder, [ROW], {"contrasts": []})


@pytest.mark.parametrize("missing", [RECORD, ""])
def test_what_is_no_run_folder_is_told(folder: Path, missing: str) -> None:
    if missing:
        (folder / missing).unlink()
    else:
        folder = folder / "nowhere"
    with pytest.raises(RecipeError) as caught:
        open_run(folder)
    assert str(caught.value) == f"{folder}: not a run folder; make one with `msm-mlx run RECIPE`"


@pytest.mark.parametrize("missing", [ANSWERS, RESULTS])
def test_an_unfinished_evaluation_is_told(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(RecipeError) as caught:
        open_run(folder)
    assert str(caught.value) == f"{folder}: has no finished evaluation; run the recipe's command again to go on"


def test_damaged_results_are_told(folder: Path) -> None:
    write_text(folder / RESULTS, '{"contrasts": [')
    with pytest.raises(
        RecipeError, match=r"results\.json: damaged: .*; delete the file and run `msm-mlx evaluate` again"
    ):
        open_run(folder)


def test_damaged_answers_are_told_with_their_line(folder: Path) -> None:
    write_text(folder / ANSWERS, '{"item": "a"}\n{"it')
    with pytest.raises(RecipeError, match=r"answers\.jsonl:2: not a JSON object"):
        open_run(folder)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([{**ROW, "kind": "pears"}], "line 1 is of the unknown kind 'pears'"),
        ([{**ROW, "metrics": {}}], "line 1 has no choice"),
        ([{**ROW, "seed": "0"}], "0.seed"),
        ([ROW, ROW, {**ROW, "seed": 1}], "sft has not answered all of american_values with every seed"),
    ],
)
def test_answers_of_another_shape_are_told(folder: Path, rows: list[dict[str, object]], reason: str) -> None:
    write_jsonl(folder / ANSWERS, rows)
    with pytest.raises(RecipeError, match=rf"answers\.jsonl: damaged: {reason}.*; delete the file"):
        open_run(folder)


def test_contrasts_of_another_shape_are_told(folder: Path) -> None:
    write_json(folder / RESULTS, {"contrasts": [{"suite": 3}]})
    with pytest.raises(RecipeError, match=r"results\.json: damaged: contrasts\.0\.suite: .*; delete the file"):
        open_run(folder)
