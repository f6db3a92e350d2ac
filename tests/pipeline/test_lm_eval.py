"""Tasks of lm-eval, asked of the arms of a run."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from helpers.command_line import RECIPES
from helpers.planted_runs import make_run

from msm_mlx.cli.output import reporter
from msm_mlx.errors import MsmError, SetupError
from msm_mlx.pipeline.lm_eval import ask_harness
from msm_mlx.pipeline.reevaluation import EVERYTHING, Choice
from msm_mlx.recipe.load import load_recipe
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import LM_EVAL
from msm_mlx.suites.load import SUITES

TASK = """\
task: tiny_colors
dataset_path: json
dataset_kwargs:
  data_files: {{test: {data}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{q}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: label
metric_list:
- metric: acc
  aggregation: mean
  higher_is_better: true
"""

ROWS = [
    {"q": "The color of snow is", "choices": ["white", "green"], "label": 0},
    {"q": "The color of grass is", "choices": ["white", "green"], "label": 1},
]

needs_extra = pytest.mark.skipif(importlib.util.find_spec("lm_eval") is None, reason="needs the extra lm-eval")

RECIPE = load_recipe(RECIPES / "cheese_american.yaml", overrides=["seeds=[0]", "arms=[base, sft]"], known_suites=SUITES)


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    data = tmp_path / "tiny.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    path = tmp_path / "a_task_file.yaml"
    path.write_text(TASK.format(data=data))
    return path


def test_without_the_extra_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with reporter(quiet=True) as report, pytest.raises(SetupError, match=r"pip install 'msm-mlx\[lm-eval\]'"):
        ask_harness(RECIPE, RunFolder(tmp_path), ["arc_easy"], EVERYTHING, report)


@needs_extra
@pytest.mark.filterwarnings("ignore")
def test_a_local_task_is_asked_of_the_base(task: Path, tmp_path: Path) -> None:
    make_run(tmp_path / "run", texts=None, adapters=False)
    with reporter(quiet=True) as report:
        rows = ask_harness(RECIPE, RunFolder(tmp_path / "run"), [str(task)], Choice(arms=frozenset({"base"})), report)
    assert {(row["arm"], row["seed"], row["task"]) for row in rows} == {("base", None, "tiny_colors")}
    assert next(row["value"] for row in rows if row["metric"] == "acc") in (0.0, 0.5, 1.0)
    assert json.loads((tmp_path / "run" / LM_EVAL).read_text())["rows"] == rows


@needs_extra
def test_an_arm_that_is_not_trained_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    make_run(tmp_path / "run", texts=None, adapters=False)
    with reporter(quiet=True) as report, pytest.raises(MsmError, match="sft-s0 is not trained"):
        ask_harness(RECIPE, RunFolder(tmp_path / "run"), ["arc_easy"], EVERYTHING, report)
