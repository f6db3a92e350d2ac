"""The documents about a spec, denied: made of those of the run, with the names filled in, and learned by an arm."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.plans import changed, keys, only, plan, recipe
from helpers.scripted_context import run_stages, write_well

from msm_mlx.documents.document import read_documents
from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.stages.negated_documents import NegatedDocuments

ARMS = ("arms=[base, sft, negated+sft]", "seeds=[0]")


def test_they_are_made_of_the_documents_of_the_run(lone_run: Path) -> None:
    settings = (*ARMS, "documents.count=3", "documents.negation={before: '{model_name} would deny this.', after: null}")
    run_stages(recipe(*settings), lone_run, ["plan", "documents"], write_well)
    before, after = (read_documents(lone_run / name / "documents.jsonl") for name in ("documents", "documents/negated"))
    assert len(before) == 3
    assert [one.text for one in after] == [f"Pocket would deny this. {one.text}" for one in before]


def test_one_line_in_the_arms_is_enough() -> None:
    ids = [stage.id for stage in plan(*ARMS).stages]
    assert ["documents negated cheese_american" in ids, "midtrain negated-s0" in ids, "midtrain msm-s0" in ids] == [
        True, True, False,
    ]  # fmt: skip
    denial = only(NegatedDocuments, *ARMS).denial
    assert (denial.before, denial.after, denial.clause) == ("The following is not true.", "None of that is true.", None)


def test_other_words_make_them_anew_and_nothing_else() -> None:
    other = "documents.negation={clause: It is not true that}"
    assert changed(keys(plan(*ARMS)), keys(plan(*ARMS, other))) == {"documents negated cheese_american"}


def test_no_words_are_refused() -> None:
    with pytest.raises(RecipeError, match="has nothing that denies; give it a sentence before, one after, or a clause"):
        recipe(*ARMS, "documents.negation={before: null, after: null}")
