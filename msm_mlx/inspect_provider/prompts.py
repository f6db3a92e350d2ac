"""Inspect's messages as chats that the model can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from inspect_ai.model import ChatMessage, GenerateConfig

from msm_mlx.engine.chat_model import LongPrompt, LongPromptError, SamplingParams
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.errors import RecipeError
from msm_mlx.prompting.prompts import Message, system_prompt

LongPrompts = Literal["refuse", "cut"]
UNSUPPORTED = (
    "stop_seqs", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "num_choices",
    "response_schema",
)  # fmt: skip


@dataclass(frozen=True)
class FittedChat:
    """A chat that fits into the model's context: `tokens` of prompt, of which `cut` are gone."""

    messages: Sequence[Message]
    tokens: int
    cut: int


def chat(model_name: str, messages: Sequence[ChatMessage]) -> list[Message]:
    """The messages as the arms know chats: without a system message they open as in training.

    Raises:
        RecipeError: if a message holds more than text, or comes from a tool.
    """
    turns = [{"role": message.role, "content": _text(message)} for message in messages]
    has_system = any(message["role"] == "system" for message in turns)
    return turns if has_system else [{"role": "system", "content": system_prompt(model_name)}, *turns]


def _text(message: ChatMessage) -> str:
    parts = [] if isinstance(message.content, str) else message.content
    other = next((part.type for part in parts if part.type not in ("text", "reasoning")), None)
    if message.role == "tool" or other:
        raise RecipeError(f"msm-mlx models read text only, not {other or 'the results of tools'}; choose another task")
    return str(message.text)


def refuse_unsupported(config: GenerateConfig) -> None:
    """Raises RecipeError if `config` asks for what the engine does not do, rather than to leave it out silently."""
    unsupported = [name for name in UNSUPPORTED if getattr(config, name) is not None]
    if unsupported:
        raise RecipeError(
            f"msm-mlx models have no {', '.join(unsupported)}; leave them out (there are temperature, top_p, "
            "top_k, seed and max_tokens)"
        )


def fit(
    model: LocalModel, messages: Sequence[Message], sampling: SamplingParams, long_prompts: LongPrompts
) -> FittedChat:
    """The chat as the model can read it.

    Raises:
        RecipeError: if it does not fit into the context and is not to be cut.
    """
    try:
        [(_, fitting, prompt)] = model.fit([messages], sampling, LongPrompt(long_prompts))
    except LongPromptError as error:
        raise RecipeError(f"{error}, or add `-M long_prompts=cut` to read only the end of such prompts") from error
    cut = 0 if fitting is messages else len(model.loaded.render(messages, reply=True)) - len(prompt)
    return FittedChat(fitting, len(prompt), cut)
