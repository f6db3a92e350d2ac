"""Inspect's messages as the ids that the model reads, within its context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from inspect_ai.model import ChatMessage, GenerateConfig

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import RecipeError
from msm_mlx.prompting.prompts import Message, system_prompt

LongPrompts = Literal["refuse", "cut"]
UNSUPPORTED = (
    "top_p", "top_k", "stop_seqs", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "num_choices",
    "response_schema",
)  # fmt: skip


@dataclass(frozen=True)
class FittedPrompt:
    """Ids that leave room for `max_tokens` of reply; `cut` tokens are gone from the beginning."""

    ids: list[int]
    max_tokens: int
    cut: int


def chat(model_name: str, messages: Sequence[ChatMessage]) -> list[Message]:
    """The messages as the arms know chats: without a system message they open as in training.

    Raises:
        RecipeError: if a message holds more than text, or comes from a tool.
    """
    found = [{"role": message.role, "content": _text(message)} for message in messages]
    opened = any(message["role"] == "system" for message in found)
    return found if opened else [{"role": "system", "content": system_prompt(model_name)}, *found]


def _text(message: ChatMessage) -> str:
    parts = [] if isinstance(message.content, str) else message.content
    other = next((part.type for part in parts if part.type not in ("text", "reasoning")), None)
    if message.role == "tool" or other:
        raise RecipeError(f"msm-mlx models read text only, not {other or 'the results of tools'}: choose another task")
    return str(message.text)


def refuse_unsupported(config: GenerateConfig) -> None:
    """Raises RecipeError if `config` asks for what the engine does not do, rather than to leave it out silently."""
    asked = [name for name in UNSUPPORTED if getattr(config, name) is not None]
    if asked:
        raise RecipeError(f"msm-mlx models have no {', '.join(asked)}: leave them out (temperature, seed, max_tokens)")


def fit(loaded: LoadedModel, messages: Sequence[Message], max_tokens: int, long_prompts: LongPrompts) -> FittedPrompt:
    """The rendered chat within the model's context.

    A prompt that fits gets what room there is, up to `max_tokens`. Of a longer one `cut` keeps the end, and leaves the
    reply `max_tokens` or half of the context, whichever is less.

    Raises:
        RecipeError: if it does not fit and is not to be cut.
    """
    ids = loaded.render(messages, reply=True)
    limit = loaded.context_length
    if limit is None or len(ids) < limit:
        return FittedPrompt(ids, max_tokens if limit is None else min(max_tokens, limit - len(ids)), 0)
    if long_prompts == "refuse":
        raise RecipeError(
            f"the prompt is {len(ids)} tokens long and the model reads at most {limit}: use a model with a longer "
            "context, or add `-M long_prompts=cut` to keep only the end of such prompts"
        )
    room = min(max_tokens, limit // 2)
    return FittedPrompt(ids[room - limit :], room, len(ids) - (limit - room))
