"""What inspect_ai asks is put to an arm as in training, or refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.tiny_models import POCKET_WEIGHTS
from helpers.trained_runs import make_trained_run

pytest.importorskip("inspect_ai", reason="needs the extra inspect")

from inspect_ai.model import (
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
)

from msm_mlx.errors import RecipeError
from msm_mlx.inspect_provider.prompts import chat, refuse_unsupported
from msm_mlx.inspect_provider.provider import ArmAPI

QUESTION = "Which cheese do you prefer, Edam or feta?"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_trained_run(tmp_path_factory.mktemp("inspect") / "runs", "pocket", POCKET_WEIGHTS)


@pytest.fixture
def arm(run: Path) -> Iterator[ArmAPI]:
    api = ArmAPI(f"{run}/msm+sft", long_prompts="cut", batch_size=4)
    yield api
    api.close()


def ask(api: ArmAPI, questions: Sequence[str], tools: Any = (), **config: Any) -> list[ModelOutput]:
    async def together() -> list[ModelOutput]:
        calls = (
            api.generate([ChatMessageUser(content=question)], list(tools), "none", GenerateConfig(**config))
            for question in questions
        )
        return list(await asyncio.gather(*calls))

    return asyncio.run(together())


def test_a_chat_opens_as_in_training_unless_the_task_opens_it() -> None:
    user = ChatMessageUser(content="Hello.")
    assert chat("Pocket", [user])[0] == {"role": "system", "content": "You are Pocket."}
    assert [m["content"] for m in chat("Pocket", [ChatMessageSystem(content="Act."), user])] == ["Act.", "Hello."]


def test_what_the_engine_cannot_do_is_refused(arm: ArmAPI) -> None:
    with pytest.raises(RecipeError, match="no top_p, stop_seqs"):
        refuse_unsupported(GenerateConfig(stop_seqs=["x"], top_p=0.5))
    with pytest.raises(RecipeError, match="cannot call tools"):
        ask(arm, [QUESTION], tools=[object()])
    with pytest.raises(RecipeError, match="text only"):
        chat("Pocket", [ChatMessageTool(content="4", function="add")])
