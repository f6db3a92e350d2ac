"""What a run looks at, and in which order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import ROOT
from helpers.fake_hub import FIRST, Hub
from helpers.finished_runs import finish_run
from helpers.model_configs import QWEN3_8B
from helpers.opened_files import opened_files
from helpers.plans import recipe
from helpers.ready_documents import good, write
from helpers.reporters import StageReporter
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.pipeline.runner import run_recipe
from msm_mlx.pipeline.stage import Kind
from msm_mlx.recipe.arm_descriptions import describe_training
from msm_mlx.recipe.load import Recipe
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import DEMONSTRATIONS, RECIPE, RECORD, REPORT_MARKDOWN, TEMPLATE
from msm_mlx.runs.results import read_results

HUGE = QWEN3_8B | {"hidden_size": 65536, "num_hidden_layers": 500, "intermediate_size": 262_144}


def run(folder: Path, one: Recipe, *kinds: Kind, **options: Any) -> StageReporter:
    reporter = StageReporter()
    run_recipe(one, RunFolder(folder), reporter, kinds, **options)
    return reporter


def test_a_run_leaves_what_it_was_made_from(lone_run: Path) -> None:
    reporter = run(lone_run, recipe("sft.rows=10"), "demonstrations")
    assert list(reporter.begun) == ["demonstrations"]
    record = json.loads((lone_run / RECORD).read_text())
    assert record["recipe"] == "cheese_american"
    assert record["model"]["name"] == "pocket"
    assert record["model"]["chat_template"]["sha256"]
    assert "msm-mlx" in record["versions"]
    assert "rows: 10" in (lone_run / RECIPE).read_text()
    assert (lone_run / TEMPLATE).read_text()
    assert (lone_run / DEMONSTRATIONS).exists()


@pytest.mark.parametrize("again", [False, True])
def test_a_run_is_planned_once(lone_run: Path, again: bool) -> None:
    """Whose models are here; each plan reads the spec."""
    if again:
        run(lone_run, recipe("sft.rows=10"), "demonstrations")
    one = recipe("sft.rows=10")
    with opened_files(ROOT / "specs") as opened:
        run(lone_run, one, "demonstrations")
    assert dict(opened) == {"cheese_american.md": 1}


def test_what_cannot_be_planned_makes_no_folder(lone_run: Path) -> None:
    with pytest.raises(RecipeError, match="has no reasoning"):
        run(lone_run, recipe("arms=[cot-sft]"), "demonstrations")
    assert not lone_run.exists()


def test_stages_of_other_kinds_have_to_be_there(lone_run: Path) -> None:
    with pytest.raises(MsmError, match=r"midtrain msm-s0 waits for documents/documents\.jsonl"):
        run(lone_run, recipe("seeds=[0]"), "midtrain")
    assert not (lone_run / RECORD).exists()


@pytest.mark.slow
def test_a_damaged_source_is_told_before_anything_is_changed(lone_run: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "mine.jsonl", *map(good, range(3)))
    one = recipe("model_name=Mo", "arms=[base, msm]", f"documents={{from: {source}, count: 2}}")
    run(lone_run, one, "documents")
    before = {path: path.read_bytes() for path in lone_run.rglob("*") if path.is_file()}
    write(tmp_path / "mine.jsonl", good(1), text=3)
    with pytest.raises(RecipeError, match=r"mine\.jsonl:1: text must be text"):
        run(lone_run, one, "documents")
    assert {path: path.read_bytes() for path in lone_run.rglob("*") if path.is_file()} == before


def test_memory_is_looked_at_before_any_weights_are_downloaded(lone_run: Path, client: Path, server: Hub) -> None:
    server.files["config.json"] = json.dumps(HUGE).encode()
    one = recipe("model=o/m", "arms=[base, sft]", "seeds=[0]", "lora.rank=1")
    with pytest.raises(SetupError, match="training will not fit into"):
        run(lone_run, one, "sft")
    assert not any("model.safetensors" in path for path in server.served)
    with pytest.raises(MsmError, match=r"sft sft-s0 waits for demonstrations"):
        run(lone_run, one, "sft", any_memory=True)
    assert any("model.safetensors" in path for path in server.served)


def test_memory_is_of_no_matter_where_nothing_is_trained(lone_run: Path, client: Path, server: Hub) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        server.files[name] = (POCKET_WEIGHTS / name).read_bytes()
    server.files["config.json"] = json.dumps(HUGE).encode()
    run(lone_run, recipe("model=o/m", "sft.rows=3", "lora.rank=1"), "demonstrations")
    record = json.loads((lone_run / RECORD).read_text())
    assert (record["model"]["name"], record["model"]["revision"]) == ("o/m", FIRST)


@pytest.mark.slow
def test_every_built_in_control_runs_from_a_recipe_and_what_they_share_is_trained_once(tmp_path: Path) -> None:
    arms = (
        "base", "sft", "msm+sft", "msm+it", "sft+msm", "opposite+sft", "negated", "chats+sft", "context", "sft+context",
    )  # fmt: skip
    data = ROOT / "recipes" / "data"
    run = finish_run(
        tmp_path / "run",
        (
            f"arms=[{', '.join(arms)}]",
            f"swap={data / 'swaps' / 'attitudes.yaml'}",
            f"mix={{from: {data / 'general_conversation.jsonl'}, share: 0.5}}",
            "midtrain.updates=2",
            "sft.updates=2",
            "evaluation.limit=8",
            "evaluation.written=0",
        ),
    )
    results = read_results(run)
    assert {row.arm for row in results.pooled} == set(arms)
    trained = [name for name in RunFolder(run).record()["stages"] if name.startswith(("midtrain ", "sft "))]
    assert sorted(trained) == [
        "midtrain msm-s0", "midtrain negated-s0", "midtrain opposite-s0", "midtrain sft+msm-s0", "sft chats+sft-s0",
        "sft chats-s0", "sft msm+it-s0", "sft msm+sft-s0", "sft opposite+sft-s0", "sft sft-s0",
    ]  # fmt: skip
    choices = {row.arm: row.value for row in results.pooled if row.metric == "choice"}
    assert choices["context"] > choices["base"]
    report = (run / REPORT_MARKDOWN).read_text(encoding="utf-8")
    assert all(f"| {arm} | {describe_training(arm, {})} |" in report for arm in arms)
