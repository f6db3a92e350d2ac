"""A model other than pocket is asked the suites for real models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.command_line import RECIPES, Cli
from helpers.lookalike_models import save_lookalike

from msm_mlx.evaluation.lengths import long_items
from msm_mlx.models.chat_renderer import load_renderer
from msm_mlx.suites.load import REAL_SUITES, Names, load_suite

pytestmark = pytest.mark.slow

CONTEXT = 2048  # tokens that the model reads


def test_a_laptop_run_asks_the_real_suites_and_says_so(cli: Cli, tmp_path: Path) -> None:
    model, run = save_lookalike(tmp_path / "model", "qwen3", chat=True, bits=None), tmp_path / "run"
    few = ["evaluation.max_tokens=2", "evaluation.samples=1", "evaluation.limit=8"]
    settings = [f"--set={value}" for value in (f"suites=[{','.join(REAL_SUITES)}]", "arms=[base]", "seeds=[0]", *few)]

    done = cli(
        "run", RECIPES / "cheese_contrast.yaml", "--model", model, "--profile", "laptop", *settings,
        "--run-dir", run, "--quiet",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    results = json.loads((run / "evaluation" / "results.json").read_text(encoding="utf-8"))
    assert {suite["name"]: suite["file"] for suite in results["suites"]} == {
        name: f"real/{name}.yaml" for name in REAL_SUITES
    }
    assert {suite["kind"] for suite in results["suites"]} == {"pairs", "questions", "scenes", "rated"}
    assert {row["suite"] for row in results["pooled"]} == set(REAL_SUITES) - {"spec_qa"}  # which takes a judge
    assert [(row["arm"], row["texts"]) for row in results["perplexity"]] == [("base", 6)]
    metrics = {row["metric"] for row in results["pooled"] if row["suite"] == "oversight_scenes"}
    assert {"harmful", "no_action", "unparsed"} <= metrics


def test_a_model_reads_every_item_of_the_real_suites(tmp_path: Path) -> None:
    model = load_renderer(save_lookalike(tmp_path / "model", "qwen3", chat=True, bits=None))
    names = Names("Qwen", "us")
    items = [item for name in REAL_SUITES for item in load_suite(name, names, "laptop").items]
    assert len(items) > 400
    assert not long_items(model, CONTEXT, items, names.model, max_tokens=2)
