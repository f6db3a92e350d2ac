"""As many documents as fit stand in the prompts of an arm that does not learn them, and every item fits after them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.plans import changed, keys, only, plan, recipe
from helpers.ready_documents import good, write
from helpers.scripted_context import run_stages, write_well

from msm_mlx.documents.document import Document, read_documents
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.evaluation.lengths import item_length
from msm_mlx.pipeline.stages.context_documents import ContextDocuments, select_documents
from msm_mlx.pipeline.stages.evaluation import Evaluation
from msm_mlx.pipeline.stages.perplexity import Perplexity

ARMS = ("arms=[base, sft, context, sft+context]", "seeds=[0]", "evaluation.limit=8")
READS = 512  # tokens that pocket reads


def take(run: Path, *overrides: str) -> dict[str, Any]:
    run_stages(recipe(*ARMS, "documents.count=40", *overrides), run, ["plan", "documents"], write_well)
    content: dict[str, Any] = json.loads((run / "documents" / "context" / "context.json").read_text())
    return content


def test_every_item_has_room_after_the_documents(lone_run: Path, pocket: LoadedModel) -> None:
    content, stage = take(lone_run), only(ContextDocuments, *ARMS)
    reading = pocket.reading(content["text"])
    items, reply = [item for suite in stage.suites for item in suite.items], stage.evaluation.max_tokens
    assert READS // 2 < max(item_length(reading, item, "Pocket", reply) for item in items) + reply <= READS
    documents = {document.id: document for document in read_documents(lone_run / "documents" / "documents.jsonl")}
    assert content["text"] == "\n\n".join(documents[id].text for id in content["documents"])
    assert content["of"] == len(documents) == 40
    assert content["tokens"] == len(pocket.encode(content["text"]))


def test_no_more_tokens_are_taken_than_the_setting_says(lone_run: Path) -> None:
    assert take(lone_run, "evaluation.context=90")["tokens"] <= 90


def test_documents_that_are_all_too_long_are_told(lone_run: Path) -> None:
    with pytest.raises(MsmError, match="no document fits into the 5 tokens"):
        take(lone_run, "evaluation.context=5")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ((), ""),
        (("documents.max_tokens=200", "documents.prompt=section"), ""),
        (("documents.max_tokens=1600", "documents.prompt=section"), "the shortest that is asked for has 270"),
        (("evaluation.context=20",), "a prompt has 20 tokens for documents, and the shortest that is asked for has 21"),
    ],
)
def test_documents_none_of_which_will_fit_are_told_before_there_are_any(
    overrides: tuple[str, ...], said: str, pocket: LoadedModel
) -> None:
    outlook = only(ContextDocuments, *ARMS, *overrides).outlook(pocket.renderer, READS // 2)
    assert said in outlook
    assert bool(outlook) == bool(said)


def test_ready_documents_none_of_which_fits_are_told(tmp_path: Path, pocket: LoadedModel) -> None:
    source = write(tmp_path / "mine.jsonl", *(good(number) * 4 for number in range(3)))
    stage = only(ContextDocuments, *ARMS, f"documents={{from: {source}, count: 3}}")
    assert stage.outlook(pocket.renderer, 4000) == ""
    assert "the shortest of mine.jsonl has" in stage.outlook(pocket.renderer, 200)


def test_sections_take_turns_and_what_is_too_long_is_passed_over(pocket: LoadedModel) -> None:
    sections = ["likes/colby"] * 3 + ["likes/jack"] * 2
    documents = [
        Document(f"doc-{number}", "cheese " * (90 if number == 3 else 10), section, None, "memo")
        for number, section in enumerate(sections)
    ]
    room = 4 * len(pocket.encode(documents[0].text)) + 10
    selection, tokens = select_documents(pocket.renderer, documents, room)
    assert [document.id for document in selection] == ["doc-0", "doc-1", "doc-4", "doc-2"]
    assert room - 10 <= tokens <= room


def test_no_arm_learns_them_and_all_are_asked_after_them() -> None:
    planned = plan(*ARMS)
    assert [stage.id for stage in planned.stages if stage.kind in ("midtrain", "sft")] == ["sft sft-s0"]
    reads = {stage.variant.id: stage.reads for stage in planned.of(Evaluation)}
    file = "documents/context/context.json"
    assert reads["context"] == (file,)
    assert reads["sft+context-s0"] == (*reads["sft-s0"], file)
    assert file not in reads["sft-s0"]


def test_what_decides_them() -> None:
    fewer = keys(plan(*ARMS, "evaluation.context=90"))
    assert changed(keys(plan(*ARMS)), fewer) == {"documents context cheese_american"}


def test_text_that_is_no_chat_is_not_measured_after_them() -> None:
    measured = only(Perplexity, *ARMS, "suites=[values_apart, capability]").variants
    assert [variant.id for variant in measured] == ["base", "sft-s0"]
