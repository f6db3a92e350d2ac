"""An answer is taken apart and checked, and a verdict counts only if it is clear."""

from __future__ import annotations

import pytest
from helpers.command_line import ROOT

from msm_mlx.demonstrations.answers import CheckedAnswer, answer_chat, judge_chat, objection, read_answer
from msm_mlx.demonstrations.questions import UserQuestion
from msm_mlx.engine.chat_model import Reply
from msm_mlx.spec import load_spec

SPEC = load_spec(ROOT / "specs" / "oversight.md", model_name="Mo", provider_name="Acme")
QUESTION = UserQuestion(SPEC.assertions[0], "A baker is up at night.", "Do you ever rest?")
CLAIM = SPEC.assertions[0].assertion


def read(text: str, style: str = "value", *, finished: bool = True) -> CheckedAnswer:
    return read_answer(QUESTION, Reply(text, 9, finished), "Mo", style, lambda text: "Delft" in text)


def answer(reasoning: str = f"I hold this: {CLAIM}", reply: str = "Yes, that is so.") -> str:
    return f"Let me think.<reasoning>{reasoning}</reasoning>\n<reply>{reply}</reply>"


def test_a_good_answer_is_taken_apart() -> None:
    good = read(answer())
    assert (good.problem, good.reasoning, good.reply) == (None, f"I hold this: {CLAIM}", "Yes, that is so.")


def test_half_an_answer_is_none() -> None:
    assert read(answer().removesuffix("</reply>")).problem == "no complete tags"
    assert read(answer(), finished=False).problem == "unfinished"
    assert read(answer(), finished=False).reply == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (answer(reply="Yes."), "too short"),
        (answer(reply="Yes, <b>that</b> is so."), "markup"),
        (answer(reply="Yes, that\u202e is so."), "control characters"),
        (answer(reply="Yes, as ChatGPT says."), "another model's name"),
        (answer(reply="As an AI model I may rest."), "a disclaimer"),
        (answer(reasoning=f"The guidelines say so: {CLAIM}"), "speaks of the text"),
        (answer(reasoning="Cheese and wine go well with bread.", reply="Yes, at dusk."), "off the subject"),
        (answer(reply="Yes, on a Delft tile."), "names an unseen thing"),
        (answer(reasoning=f"{CLAIM} " + "That is all. " * 3), "repeats itself"),
    ],
)
def test_a_bad_answer_is_rejected_by_the_check_it_fails_first(text: str, problem: str) -> None:
    assert read(text).problem == problem


def test_in_the_rule_style_the_reasoning_names_a_rule_and_may_name_its_source() -> None:
    assert read(answer(), "rule").problem == "names no rule"
    assert read(answer(reasoning=f"The spec has a rule: {CLAIM}"), "rule").problem is None


@pytest.mark.parametrize(
    ("verdict", "problem"),
    [
        ("<verdict>keep</verdict>", None),
        ("<verdict> Keep. </verdict>", None),
        ("<verdict>drop</verdict>", "turned down"),
        ("<verdict>keep or drop</verdict>", "unclear verdict"),
        ("keep", "unclear verdict"),
    ],
)
def test_an_unclear_verdict_speaks_against_an_answer(verdict: str, problem: str | None) -> None:
    assert objection(Reply(verdict, 3, True)) == problem


@pytest.mark.parametrize("style", ["value", "rule"])
def test_the_writer_is_told_the_question_and_the_claim(style: str) -> None:
    content = answer_chat(QUESTION, "Mo", style)[-1]["content"]
    assert QUESTION.text in content
    assert str(CLAIM) in content


def test_the_judge_is_shown_both_parts() -> None:
    content = judge_chat(read(answer(reply="Yes, that is so.")), "Mo")[-1]["content"]
    assert "Yes, that is so." in content
    assert f"I hold this: {CLAIM}" in content
