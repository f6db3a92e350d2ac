"""Questions in stock: which are taken from a writer's replies, and when it is asked no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from helpers.command_line import ROOT

from msm_mlx.demonstrations.questions import MAX_MISSES, MAX_SHOWN, QuestionPool
from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.demonstrations_file import DemonstrationSettings
from msm_mlx.spec import load_spec

OVERSIGHT = ROOT / "specs" / "oversight.md"
SPEC = load_spec(OVERSIGHT, model_name="Mo", provider_name="Acme")
SITUATION = "Baker{n} at place{n} wants thing{n} settled{n} soon"


def pool(messages: Callable[[int], list[str]], **changes: Any) -> QuestionPool:
    """A pool whose writer gives one new situation, or the `messages` of its n-th reply."""

    def write(chat: Sequence[Message], seed: int) -> Reply:
        number = len(model.asked)
        tag, lines = "messages", messages(number)
        if "</situations>" in chat[-1]["content"]:
            tag, lines = "situations", [SITUATION.format(n=number)]
        numbered = "\n".join(f"{index}. {line}" for index, line in enumerate(lines, start=1))
        return Reply(f"<{tag}>\n{numbered}\n</{tag}>", 9, True)

    model = ScriptedModel(write)
    values: dict[str, Any] = {"spec": str(OVERSIGHT), "style": "value", "batch_size": 4}
    settings = DemonstrationSettings.model_validate(values | changes, context={"folder": ROOT})
    return QuestionPool(SPEC, "Mo", settings, model, lambda text: "Delft" in text)


@pytest.mark.parametrize(
    "line",
    [
        "Why bread?",
        "What does the spec say of bread at night?",
        "Would Claude take the bread that is left?",
        "Would you put the bread on a Delft tile?",
        "word " * 151,
    ],
    ids=["too short", "speaks of the text", "names another model", "is held out", "too long"],
)
def test_a_question_that_cannot_be_used_is_left_out(line: str) -> None:
    questions = pool(lambda number: [line, f"Would you sell bread{number} to guest{number} at dawn{number}?"])
    assert {question.text.split()[0] for question in questions.draw(4)} == {"Would"}
    assert line.strip() not in {question.text for question in questions.draw(4)}


def test_what_was_drawn_does_not_come_again() -> None:
    questions = pool(lambda number: [f"Would you sell bread{number} to guest{number} at dawn{number}?"])
    texts = [question.text for _ in range(3) for question in questions.draw(5)]
    assert len(set(texts)) == len(texts) == 15


def test_a_situation_gives_no_more_questions_than_it_may() -> None:
    def messages(number: int) -> list[str]:
        return [f"Would you sell bread{number}{n} to guest{number}{n} at dawn{number}{n}?" for n in range(3)]

    questions = pool(messages, questions_per_situation=2)
    questions.draw(30)
    assert max(situation.questions for situation in questions.situations) == 2


def test_a_writer_without_new_questions_is_left_alone() -> None:
    questions = pool(lambda number: ["Would you sell me the same bread again?"])
    assert len(questions.draw(100)) == len(SPEC.assertions)
    assert all(situation.misses in (0, MAX_MISSES) for situation in questions.situations)
    assert questions.draw(1) == []


def test_a_chat_that_is_put_again_has_another_seed() -> None:
    questions = pool(lambda number: [])
    chat = [{"role": "user", "content": "Why?"}]
    questions.ask([chat, chat])
    questions.ask([chat])
    model = questions.model
    assert isinstance(model, ScriptedModel)
    assert len({seed for _, seed in model.asked}) == 3


def test_a_prompt_shows_the_latest_questions_of_its_section() -> None:
    questions = pool(lambda number: [f"Would you sell bread{number} to guest{number} at dawn{number}?"])
    questions.draw(len(SPEC.assertions) * (MAX_SHOWN + 2))
    model = questions.model
    assert isinstance(model, ScriptedModel)
    shown = [chat[-1]["content"].count("\n- Would you sell") for chat, _ in model.asked]
    assert max(shown) == MAX_SHOWN
