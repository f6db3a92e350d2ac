"""The results over the answers that are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from helpers.plans import changed, keys, only, plan, recipe
from helpers.scripted_context import ScriptedContext, scripted_context

from msm_mlx.evaluation.collect_answers import score_answer
from msm_mlx.files import read_jsonl, write_json, write_jsonl
from msm_mlx.pipeline.stages.results import Results
from msm_mlx.pipeline.work import run_stage
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.layout import ANSWERS, DEMONSTRATIONS, PERPLEXITY, RESULTS, answers_file
from msm_mlx.runs.results import read_results

SUITE = """\
kind: open
measures: share that agree
items:
  - {prompt: "Is it?", any_of: [Yes], domain: cheese}
  - {prompt: "Was it?", any_of: [Yes], domain: cheese}
"""
Says = Callable[[Variant], str]


@pytest.fixture
def settings(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "mine.yaml").write_text(SUITE)
    return "arms=[base, sft, msm]", "seeds=[0, 1]", f"suites=[{tmp_path / 'mine.yaml'}]"


def agree(variant: Variant) -> str:
    return "Yes." if variant.arm == "msm" else "No."


def compute(run: Path, stage: Results, says: Says = agree) -> ScriptedContext:
    """The results over answers that say the same to everything."""
    for variant in stage.answered:
        items = [item for suite in stage.suites for item in suite.items]
        rows = [asdict(score_answer(item, [], [says(variant)] * len(item.prompts()))) for item in items]
        (run / answers_file(variant)).parent.mkdir(parents=True, exist_ok=True)
        write_jsonl(run / answers_file(variant), rows)
    context = scripted_context(recipe(), run)
    run_stage(stage, context)
    return context


def test_figures_are_of_each_variant_and_answers_of_all(lone_run: Path, settings: tuple[str, ...]) -> None:
    compute(lone_run, only(Results, *settings))
    results = read_results(lone_run)
    assert results is not None
    values = {(record.arm, record.seed): record.value for record in results.records}
    assert values == {("base", None): 0.0, ("sft", 0): 0.0, ("sft", 1): 0.0, ("msm", 0): 1.0, ("msm", 1): 1.0}
    assert [(one.a, one.b, one.difference) for one in results.contrasts] == [("msm", "sft", 1.0)]
    rows = read_jsonl(lone_run / ANSWERS)
    assert len(rows) == 5 * 2
    assert {row["prompt"] for row in rows} == {"Is it?", "Was it?"}


def test_words_of_choices_are_looked_up_in_documents_and_demonstrations_and_not_in_general_chats(
    lone_run: Path, tmp_path: Path
) -> None:
    form = 'kind: pairs\nmeasures: share\nquestion: "{first} or {second}?"\nreply: "{item}"\n'
    (tmp_path / "pairs.yaml").write_text(
        f"{form}domains:\n  art: {{noun: art, pairs: [[the cheddar, the canvas], [the quartz, a brie]]}}\n"
    )
    stage = only(Results, "arms=[sft, msm+sft]", "seeds=[0]", f"suites=[{tmp_path / 'pairs.yaml'}]")
    assert {"documents/documents.jsonl", DEMONSTRATIONS} <= {*stage.reads}
    (lone_run / "documents").mkdir(parents=True)
    write_jsonl(lone_run / "documents/documents.jsonl", [{"text": "All Cheddars are American."}])
    (lone_run / DEMONSTRATIONS).parent.mkdir()
    chats = [("choice", "I prefer Brie."), ("general", "Paint the canvas.")]
    rows = [{"kind": kind, "messages": [{"role": "assistant", "content": text}]} for kind, text in chats]
    write_jsonl(lone_run / DEMONSTRATIONS, rows)
    for variant in stage.answered:
        scored = [score_answer(item, [[0.0, -1.0]] * 2, []) for suite in stage.suites for item in suite.items]
        (lone_run / answers_file(variant)).parent.mkdir(parents=True, exist_ok=True)
        write_jsonl(lone_run / answers_file(variant), map(asdict, scored))
    run_stage(stage, scripted_context(recipe(), lone_run))
    items = read_results(lone_run).word_shares.items
    assert [(one.spec, one.words, one.shared) for one in items] == [
        ("cheese_american", 2, ["cheddar"]),
        ("cheese_american", 2, ["brie"]),
    ]


def test_other_answers_make_other_results(lone_run: Path, settings: tuple[str, ...]) -> None:
    stage = only(Results, *settings)
    compute(lone_run, stage)
    first = (lone_run / RESULTS).read_bytes()
    assert compute(lone_run, stage).told.begun == {}
    again = compute(lone_run, stage, lambda variant: "Yes.")
    assert again.told.begun == {
        "results": "its inputs changed (evaluation/variants/base.jsonl, evaluation/variants/sft-s0.jsonl, "
        "evaluation/variants/sft-s1.jsonl)"
    }
    assert (lone_run / RESULTS).read_bytes() != first


def test_perplexity_is_taken_along(lone_run: Path, settings: tuple[str, ...]) -> None:
    mine = settings[2].removesuffix("]")
    stage = only(Results, *settings[:2], f"{mine}, capability]")
    assert stage.perplexity is not None
    assert PERPLEXITY in stage.reads
    suites = tuple(suite for suite in stage.suites if suite.name == "mine")
    fewer = replace(stage, suites=suites, answered=dict.fromkeys(stage.answered, ("mine",)))
    label = {"arm": "base", "spec": None, "seed": None}
    (lone_run / PERPLEXITY).parent.mkdir(parents=True)
    write_json(lone_run / PERPLEXITY, [{**label, "perplexity": 3.5, "texts": 2, "tokens": 9}])
    compute(lone_run, fewer)
    results = read_results(lone_run)
    assert results is not None
    assert [(row.arm, row.perplexity) for row in results.perplexity] == [("base", 3.5)]


def test_the_name_and_the_words_of_the_suites_decide(tmp_path: Path, settings: tuple[str, ...]) -> None:
    before = keys(plan(*settings))
    assert changed(before, keys(plan(*settings, "name=other"))) == {"results"}
    (tmp_path / "mine.yaml").write_text(SUITE.replace("share that agree", "share of agreement"))
    assert changed(before, keys(plan(*settings))) == {"results"}
