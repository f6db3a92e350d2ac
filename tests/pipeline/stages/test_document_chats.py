"""The documents about a spec as chats: made of those of the run, and learned as much as these are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers.plans import changed, keys, plan, recipe
from helpers.scripted_context import run_stages, write_well

from msm_mlx.documents.document import read_documents
from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl
from msm_mlx.pipeline.cost import training_rows
from msm_mlx.pipeline.stages.demonstrations import Demonstrations
from msm_mlx.pipeline.stages.training import Training

ARMS = ("arms=[base, chats, msm]", "seeds=[0]")


def test_they_are_made_of_the_documents_of_the_run(lone_run: Path) -> None:
    context = run_stages(recipe(*ARMS, "documents.count=3"), lone_run, ["plan", "documents"], write_well)
    documents = read_documents(lone_run / "documents" / "documents.jsonl")
    rows = read_jsonl(lone_run / "documents" / "chats" / "chats.jsonl")
    assert [row["messages"][-1]["content"] for row in rows] == [document.text for document in documents]
    said = next(line for line in context.lines if line.startswith("Documents as chats: 3 of 3 documents. "))
    replies, texts = map(int, re.findall(r"(\d+) tokens, the documents (\d+)", said)[0])
    assert replies == texts


def test_a_chat_that_holds_no_sentence_is_told(lone_run: Path) -> None:
    with pytest.raises(MsmError, match="no sentence of a document fits into a chat of 16 tokens"):
        run_stages(
            recipe(*ARMS, "documents.count=3", "midtrain.max_length=16"), lone_run, ["plan", "documents"], write_well
        )


def test_they_are_learned_as_much_as_documents_and_as_chats_are() -> None:
    planned = plan(*ARMS)
    chats, documents = planned.of(Training)
    assert (chats.kind, documents.kind) == ("sft", "midtrain")
    assert chats.data == "documents/chats/chats.jsonl"
    for name in ("learning_rate", "updates", "batch_size", "max_length"):
        assert getattr(chats.settings, name) == getattr(documents.settings, name)
    assert training_rows(chats, planned) == training_rows(documents, planned) == 180
    assert planned.of(Demonstrations) == []


def test_what_decides_them() -> None:
    assert changed(keys(plan(*ARMS)), keys(plan(*ARMS, "midtrain.max_length=128"))) == {
        "documents chats cheese_american", "sft chats-s0", "midtrain msm-s0"
    }  # fmt: skip
