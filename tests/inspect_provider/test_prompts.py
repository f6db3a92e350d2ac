"""What inspect_ai asks is put to an arm as in training, or refused."""

from __future__ import annotations

import pytest

pytest.importorskip("inspect_ai", reason="needs the extra inspect")

from helpers.inspect_questions import ask
from inspect_ai.model import (
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
)

from msm_mlx.errors import RecipeError
from msm_mlx.inspect_provider.prompts import chat, refuse_unsupported
from msm_mlx.inspect_provider.provider import ArmAPI

QUESTION = "Which cheese do you prefer, Edam or feta?"


def test_a_chat_opens_as_in_training_unless_the_task_opens_it() -> None:
    user = ChatMessageUser(content="Hello.")
    assert chat("Pocket", [user])[0] == {"role": "system", "content": "You are Pocket."}
    assert [m["content"] for m in chat("Pocket", [ChatMessageSystem(content="Act."), user])] == ["Act.", "Hello."]


def test_what_the_engine_cannot_do_is_refused(arm: ArmAPI) -> None:
    with pytest.raises(RecipeError, match="no stop_seqs, logprobs"):
        refuse_unsupported(GenerateConfig(stop_seqs=["x"], logprobs=True))
    with pytest.raises(RecipeError, match="cannot call tools"):
        ask(arm, [QUESTION], tools=[object()])
    with pytest.raises(RecipeError, match="text only"):
        chat("Pocket", [ChatMessageTool(content="4", function="add")])
