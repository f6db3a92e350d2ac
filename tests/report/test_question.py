"""What a run asks, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.planted_runs import bare_run

from msm_mlx.report.question import question_of_arms, question_of_pair
from msm_mlx.runs.finished import FinishedRun


def run_of(**recipe: Any) -> FinishedRun:
    return bare_run(Path("run"), specs=(Path("x.md"), Path("y.md")), **recipe)


@pytest.mark.parametrize(
    ("a", "b", "question"),
    [
        (
            "msm+it@x", "msm+it@y", "Does the same further training teach something else after documents about x than "
            "after documents about y?",
        ),
        (
            "msm+sft@x", "sft", "Do documents about x change what the demonstrations teach? The arm msm+sft has read "
            "them, the arm sft has not.",
        ),
        (
            "msm+sft@x", "control+sft@x", "How do the answers of msm+sft@x and control+sft@x differ, which are trained "
            "alike but for the reasons (documents that give none)?",
        ),
        (
            "control+sft@x", "sft", "How do the answers of control+sft@x (midtrained on documents with the preferences "
            "and no reasons, then fine-tuned on the demonstrations, documents about x) and sft (fine-tuned on the "
            "demonstrations) differ?",
        ),
    ],
)  # fmt: skip
def test_a_pair_of_arms_is_asked_about_what_they_differ_in(a: str, b: str, question: str) -> None:
    assert question_of_pair(run_of(), a, b) == question


def test_one_arm_alone_is_asked_what_it_answers() -> None:
    assert question_of_arms(run_of(arms=("base",))) == "What does base (the model as it came) answer?"


def test_of_many_arms_there_are_the_names_alone() -> None:
    assert question_of_arms(run_of(arms=("base", "it", "sft"))) == "How do the answers of base, it and sft differ?"
