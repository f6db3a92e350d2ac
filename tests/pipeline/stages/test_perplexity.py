"""Perplexity as a stage: a row for each variant, over texts that the size of the experiment decides about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.plans import changed, keys, only, plan, recipe
from helpers.scripted_context import scripted_context

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.evaluation.perplexity import neutral_texts, perplexity
from msm_mlx.pipeline.stages.evaluation import Evaluation
from msm_mlx.pipeline.stages.perplexity import Perplexity
from msm_mlx.runs.layout import PERPLEXITY

SETTINGS = ("arms=[base, sft, msm]", "seeds=[0]", "suites=[capability]")


@pytest.mark.slow
def test_there_is_a_row_for_each_variant(lone_run: Path, pocket: LoadedModel) -> None:
    stage = only(Perplexity, *SETTINGS)
    context = scripted_context(recipe(*SETTINGS), lone_run, loaded=pocket)
    (lone_run / PERPLEXITY).parent.mkdir(parents=True)
    stage.run(context)
    rows = json.loads((lone_run / PERPLEXITY).read_text())
    assert [(row["arm"], row["spec"], row["seed"]) for row in rows] == [
        ("base", None, None),
        ("sft", None, 0),
        ("msm", "cheese_american", 0),
    ]
    texts = neutral_texts("pocket")
    value, tokens = perplexity(pocket, texts, 4)
    assert {row["tokens"] for row in rows} == {tokens}
    assert {row["texts"] for row in rows} == {len(texts)}
    assert [row["perplexity"] for row in rows] == pytest.approx([value] * 3, rel=1e-4)
    assert [done for done, _ in context.told.progress] == [1, 2, 3]
    assert list(context.asked_variants) == list(stage.variants)


def test_it_reads_the_adapters_of_all_that_are_trained() -> None:
    stage = only(Perplexity, *SETTINGS)
    adapters = [name for one in plan(*SETTINGS).of(Evaluation) for name in one.reads]
    assert list(stage.reads) == adapters
    assert len(adapters) == 4


def test_it_is_measured_beside_the_suite_of_capability_alone() -> None:
    assert plan(*SETTINGS[:2], "suites=[values_apart]").of(Perplexity) == []


def test_neither_the_batch_nor_the_suites_decide_and_the_arms_do() -> None:
    before = keys(plan(*SETTINGS))
    assert "perplexity" not in changed(before, keys(plan(*SETTINGS, "evaluation.batch_size=3")))
    more = keys(plan(*SETTINGS[1:], "arms=[base, sft]"))
    assert more["perplexity"] != before["perplexity"]
    assert keys(plan(*SETTINGS[:2], "suites=[capability, values_apart]"))["perplexity"] == before["perplexity"]
