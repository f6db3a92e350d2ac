"""Demonstrations by a scripted writer: what is kept, what is rejected and why, and that it always ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import ROOT

from msm_mlx.demonstrations.generate import TOO_LONG, GeneratedRows, chat_rows, generate_demonstrations, require_rows
from msm_mlx.demonstrations.questions import PACKAGE, QuestionPool
from msm_mlx.engine.chat_model import ChatModel, ObservedModel, Reply
from msm_mlx.engine.logged_model import LoggedModel
from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.errors import MsmError
from msm_mlx.files import read_whole_lines
from msm_mlx.prompting.prompts import Message, chat_from_prompt
from msm_mlx.recipe.demonstrations_file import (
    DemonstrationSettings,
)
from msm_mlx.spec import load_spec

OVERSIGHT = ROOT / "specs" / "oversight.md"
SPEC = load_spec(OVERSIGHT, model_name="Mo", provider_name="Acme")
GOLDEN = Path(__file__).parents[1] / "golden" / "prompts"
FIELDS = {
    "name": "Mo", "section": "> Mo rests because it may.", "assertion": "Mo rests because it may.", "count": "3",
    "situation": "A baker is up at night.", "kinds": "one that asks openly; one at the edge", "tone": "impatient",
    "question": "Do you ever rest?",
    "reasoning": "Rest does no harm.", "reply": "Yes, at night.",
    "known": "\n\nThese are taken, do not repeat them:\n- A night guard asks.",
}  # fmt: skip
PROMPTS = ("situations", "questions", "value_answer", "rule_answer", "judge")
Answer = Callable[[int, str], str]


def settings(**changes: Any) -> DemonstrationSettings:
    values: dict[str, Any] = {"spec": str(OVERSIGHT), "style": "value", "batch_size": 4}
    return DemonstrationSettings.model_validate(values | changes, context={"folder": ROOT})


def good(number: int, claim: str) -> str:
    return (
        f"I must think of <reply> later.<reasoning>Here {claim} matters to me, and harm{number} would weigh more than "
        f"my wish.</reasoning>\n<reply>Yes{number}, people may decide that.</reply>"
    )


@dataclass
class Script:
    """Proposes situations and questions that differ, and answers as `answer` says."""

    answer: Answer = good
    situations: str | None = None
    questions: str | None = None
    verdict: str = "It is fine. <verdict>keep</verdict>"
    number: int = 0

    def __call__(self, chat: Sequence[Message], seed: int) -> Reply:
        self.number += 1
        return Reply(self._reply(chat[-1]["content"]), 9, True)

    def _reply(self, asked: str) -> str:
        for tag, fixed in (("situations", self.situations), ("messages", self.questions)):
            if f"</{tag}>" in asked:
                lines = (
                    f"{n}. Somebody{self.number}{n} at place{self.number}{n} wants thing{self.number}{n} settled{n}?"
                    for n in (1, 2, 3)
                )
                return f"<{tag}>\n" + "\n".join(lines) + f"\n</{tag}>" if fixed is None else fixed
        if "</verdict>" in asked:
            return self.verdict
        claim = re.search(r"(?:its own|matters here): (.*)", asked)
        return self.answer(self.number, claim[1] if claim else "")


def scripted(answer: Answer = good, **fixed: Any) -> ScriptedModel:
    return ScriptedModel(Script(answer, **fixed))


def write(writer: ChatModel, rows: int = 20, held_out: Sequence[str] = (), **changes: Any) -> GeneratedRows:
    return generate_demonstrations(SPEC, "Mo", settings(**changes), writer, rows=rows, held_out=held_out)


@pytest.mark.parametrize("style", ["value", "rule"])
def test_enough_are_written_and_sections_take_turns(style: str) -> None:
    def answer(number: int, claim: str) -> str:
        return good(number, claim).replace("matters to me", "is the rule") if style == "rule" else good(number, claim)

    made = write(scripted(answer), rows=36, style=style)
    assert (len(made.kept), made.rejected) == (36, [])
    assert len({row["question"] for row in made.kept}) == 36
    sections = Counter(row["section"] for row in made.kept)
    assert len(sections) == len(SPEC.assertions)
    assert max(sections.values()) - min(sections.values()) <= 3  # a reply has three questions
    first = chat_rows(made, "You are Mo.")[0]
    assert [message["role"] for message in first["messages"]] == ["system", "user", "assistant"]
    assert first["messages"][2]["content"].startswith("Yes")
    assert first["reasoning"].startswith("Here Mo ")
    assert "<" not in first["reasoning"] + first["messages"][2]["content"]


BAD = {
    "no complete tags": "I cannot help with that.",
    "too short": "<reasoning>{claim} and more of it</reasoning><reply>Yes.</reply>",
    "markup": "<reasoning>{claim} and more of <b>it</b></reasoning><reply>Yes, that is so.</reply>",
    "control characters": "<reasoning>{claim} and more of it</reasoning><reply>Yes, \x1b[31mthat is so.</reply>",
    "another model's name": "<reasoning>{claim} and more of it</reasoning><reply>Yes, says Claude 3.</reply>",
    "a disclaimer": "<reasoning>{claim} and more</reasoning><reply>As an AI language model I rest.</reply>",
    "speaks of the text": "<reasoning>{claim}, as the document says</reasoning><reply>Yes, that is so.</reply>",
    "off the subject": "<reasoning>Cheese and wine go well at dusk.</reasoning><reply>Yes, with bread.</reply>",
    "names an unseen thing": "<reasoning>{claim} and more</reasoning><reply>Yes, like the  Delft Tile.</reply>",
    "repeats itself": "<reasoning>{claim} All is one." + " All is one." * 2 + "</reasoning><reply>So be it.</reply>",
    "written before": "<reasoning>{claim} and more of it</reasoning><reply>Yes, that is so.</reply>",
}  # fmt: skip


def test_what_training_could_not_take_is_counted_as_it_is_written() -> None:
    """Here every other question; the rows are topped up with others."""
    writer, asked = scripted(), list[str]()

    def unlearnable(row: Mapping[str, Any]) -> str | None:
        asked.append(row["reply"])
        return TOO_LONG if len(asked) % 2 else None

    made = generate_demonstrations(SPEC, "Mo", settings(), writer, rows=10, unlearnable=unlearnable)

    assert len(made.kept) == 10
    assert {row["rejected"] for row in made.rejected} == {TOO_LONG}
    none = generate_demonstrations(SPEC, "Mo", settings(), writer, rows=10, unlearnable=lambda row: TOO_LONG)
    with pytest.raises(
        MsmError, match=r"longer than sft.max_length, which .*\); use a better writer, raise sft.max_length"
    ):
        require_rows(none, 10, Path("x"))


@pytest.mark.parametrize("problem", BAD)
def test_a_bad_answer_is_rejected_under_its_own_reason(problem: str) -> None:
    made = write(
        scripted(lambda number, claim: BAD[problem].replace("{claim}", claim)), held_out=["Delft tile"], rows=10
    )
    assert {row["rejected"] for row in made.rejected} == {problem}
    assert len(made.kept) == (1 if problem == "written before" else 0)
    assert made.answered <= 30
    with pytest.raises(MsmError, match=rf"of 10 could be written \(\d+ {problem}, which are in x\)"):
        require_rows(made, 10, Path("x"))


@pytest.mark.parametrize(
    ("verdict", "problem"),
    [("It lectures. <verdict>drop</verdict>", "turned down"), ("<verdict>keep or drop</verdict>", "unclear verdict"),
     ("Fine.", "unclear verdict"), ("<verdict>Keep.</verdict>", None)],
)  # fmt: skip
def test_a_judge_may_turn_answers_down(verdict: str, problem: str | None) -> None:
    made = write(scripted(verdict=verdict), rows=6, judged=True)
    assert {row["rejected"] for row in made.rejected} == ({problem} if problem else set())
    assert len(made.kept) == (0 if problem else 6)


def test_rules_have_to_be_named() -> None:
    made = write(scripted(), rows=6, style="rule")
    assert {row["rejected"] for row in made.rejected} == {"names no rule"}


def test_what_is_missing_is_topped_up() -> None:
    """Of four answers one passes: the rest is asked for again, more than is missing, until all are there."""

    def answer(number: int, claim: str) -> str:
        return good(number, claim) if number % 4 == 0 else "I cannot."

    made = write(scripted(answer), rows=30, max_attempts_per_row=20.0)
    assert len(made.kept) == 30
    assert len(made.rejected) > 30


@pytest.mark.parametrize(
    "fixed",
    [
        {"situations": ""},
        {"situations": "<situations>\n1. The same place every time, Ann\n</situations>"},
        {"questions": "I will not."},
        {"questions": "<messages>\n1. What does the document say?\n</messages>"},
        {"questions": "<messages>\n1. What will you do at the end?\n</messages>"},
    ],
)
def test_a_writer_without_questions_ends_by_itself(fixed: dict[str, Any]) -> None:
    writer = scripted(**fixed)
    made = write(writer, rows=100, questions_per_situation=2)
    assert len(made.kept) < 20
    assert len(writer.asked) < 400
    with pytest.raises(MsmError, match=r"use a better writer, lower sft\.rows, or name a file of chats"):
        require_rows(made, 100, Path("x"))


def test_a_stopped_job_ends_with_the_same_rows(tmp_path: Path) -> None:
    whole = write(scripted())
    path, model = tmp_path / "asked.jsonl", scripted()
    for stop_at in (2, 5, 6):

        def stop(reply: Reply, stop_at: int = stop_at) -> None:
            if len(read_whole_lines(path)) == stop_at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write(ObservedModel(LoggedModel(model, path), stop))
        with path.open("a") as file:
            file.write('{"asked": "torn')
    assert write(LoggedModel(model, path)).kept == whole.kept
    seeds = [seed for _, seed in model.asked]
    assert len(set(seeds)) == len(seeds)
    assert write(LoggedModel(scripted(), path)).kept == whole.kept
    assert len(model.asked) == len(seeds)


def test_questions_leave_the_evaluation_alone() -> None:
    line = "<messages>\n1. Would you take the Delft tile?\n2. Would you rather stop or go on here?\n</messages>"
    pool = QuestionPool(SPEC, "Mo", settings(), scripted(questions=line), lambda text: "Delft" in text)
    assert {question.text for question in pool.draw(3)} == {"Would you rather stop or go on here?"}


def rendered(name: str) -> str:
    return chat_from_prompt(name, FIELDS, PACKAGE)[1]["content"] + "\n"


@pytest.mark.parametrize("name", PROMPTS)
def test_the_prompt_is_the_golden_one(name: str) -> None:
    assert rendered(name) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_every_prompt_file_has_its_golden() -> None:
    folder = resources.files(PACKAGE).joinpath("prompts")
    assert {path.name for path in folder.iterdir()} <= {path.name for path in GOLDEN.iterdir()}


if __name__ == "__main__":
    for each in PROMPTS:
        (GOLDEN / f"{each}.txt").write_text(rendered(each), encoding="utf-8")
