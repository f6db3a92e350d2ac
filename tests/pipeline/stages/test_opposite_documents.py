"""The documents about a spec turned into their opposite: made of those of the run, and refused before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.plans import changed, keys, only, plan, recipe
from helpers.ready_documents import good, write
from helpers.scripted_context import run_stages, write_well

from msm_mlx.documents.document import read_documents
from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.preflight import check_ready
from msm_mlx.pipeline.stages.opposite_documents import OppositeDocuments
from msm_mlx.runs.folder import RunFolder

ARMS = ("arms=[base, sft, opposite+sft]", "seeds=[0]")
SWAP = "swap={likes: dislikes, is fond of: does not like, fond of: averse to}"


def test_they_are_made_of_the_documents_of_the_run(lone_run: Path) -> None:
    run_stages(recipe(*ARMS, SWAP, "documents.count=3"), lone_run, ["plan", "documents"], write_well)
    before, after = (
        read_documents(lone_run / name / "documents.jsonl") for name in ("documents", "documents/opposite")
    )
    assert len(before) == len(after) == 3
    assert [text.text.replace("dislikes", "likes") for text in after] == [text.text for text in before]


def test_no_arm_has_to_learn_the_documents_themselves() -> None:
    ids = [stage.id for stage in plan(*ARMS, SWAP).stages]
    assert "documents cheese_american" in ids
    assert "midtrain opposite-s0" in ids
    assert "midtrain msm-s0" not in ids


def test_another_table_makes_them_anew_and_nothing_else() -> None:
    other = "swap={likes: loves}"
    assert changed(keys(plan(*ARMS, SWAP)), keys(plan(*ARMS, other))) == {"documents opposite cheese_american"}


def test_ready_made_ones_are_refused_with_file_and_line(tmp_path: Path, lone_run: Path) -> None:
    source = write(tmp_path / "texts.jsonl", good(0), good(1).replace("likes", "is averse to"), good(2))
    planned = plan(*ARMS, SWAP, f"documents.from={source}")
    with pytest.raises(RecipeError) as error:
        check_ready(planned.stages, RunFolder(lone_run))
    [line] = str(error.value).splitlines()
    assert line.startswith("texts.jsonl:2: is not the same when the words of ")


def test_a_table_of_other_words_is_refused(tmp_path: Path, lone_run: Path) -> None:
    source = write(tmp_path / "texts.jsonl", good(0))
    planned = plan(*ARMS, "swap={mends: breaks}", f"documents.from={source}")
    with pytest.raises(RecipeError, match="none of its words stands in the documents of "):
        check_ready(planned.stages, RunFolder(lone_run))


def test_written_ones_are_not_there_to_be_refused(lone_run: Path) -> None:
    check_ready([only(OppositeDocuments, *ARMS, SWAP)], RunFolder(lone_run))
