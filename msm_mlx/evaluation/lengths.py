"""Whether a model can read what a suite asks, before it is asked anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from msm_mlx.errors import MsmError
from msm_mlx.prompting.prompts import Message
from msm_mlx.suites.items import Item
from msm_mlx.suites.opening import open_prompts

MAX_LINES = 5  # items that are named in a message


class PromptReader(Protocol):
    """What is needed of a model to measure its prompts."""

    def render(self, messages: Sequence[Message], *, reply: bool) -> list[int]:
        """The ids of a chat."""

    def encode(self, text: str) -> list[int]:
        """The ids of plain text."""


def check_lengths(
    model: PromptReader, limit: int | None, items: Sequence[Item], model_name: str, max_tokens: int
) -> None:
    """See to it that each prompt with its longest option, or with the first token of a reply, has `limit` tokens.

    The variant's own replies in earlier turns are not there yet, and count as `max_tokens` each. A model whose context
    is not known reads everything.

    Raises:
        MsmError: naming the items that are too long, with their suites.
    """
    too_long = long_items(model, limit, items, model_name, max_tokens)
    if too_long:
        lines = [f"suite {i.suite}, item {i.id}: {tokens} tokens" for i, tokens in too_long]
        if len(lines) > MAX_LINES:
            lines = [*lines[:MAX_LINES], f"and {len(lines) - MAX_LINES} more"]
        remedy = length_remedy([item for item, _ in too_long])
        raise MsmError("\n".join([*lines, f"the model reads {limit} tokens of a prompt with its reply; {remedy}"]))


def long_items(
    model: PromptReader, limit: int | None, items: Sequence[Item], model_name: str, max_tokens: int
) -> list[tuple[Item, int]]:
    """The items that have more than `limit` tokens, each with its number; see `check_lengths`.

    Every prompt is rendered, whether or not there is a limit.

    Raises:
        ChatError: if the model's template does not take one.
    """
    lengths = [(item, item_length(model, item, model_name, max_tokens)) for item in items]
    return [(item, tokens) for item, tokens in lengths if limit is not None and tokens > limit]


def length_remedy(items: Iterable[Item]) -> str:
    """What to do about items that are too long."""
    shorter = "lower evaluation.max_tokens, " if any(_own_replies(item) for item in items) else ""
    return f"shorten these items, {shorter}or take a model with a longer context"


def item_length(model: PromptReader, item: Item, model_name: str, max_tokens: int) -> int:
    """The tokens of an item's longest prompt with its longest option, or with the first token of a reply."""
    prompts = []
    for opened in open_prompts([item], model_name):
        for turn in opened.turns:
            opened.ask(turn)
            opened.answer(turn.assistant or "")
        prompts.append(model.render(opened.chat_to_go_on_with, reply=True))
    reply = max((len(model.encode(option)) for option in item.options()), default=1)
    return max(map(len, prompts)) + _own_replies(item) * max_tokens + reply


def _own_replies(item: Item) -> int:
    """How many of the variant's own replies stand before the prompt."""
    return sum(turn.assistant is None for turn in item.turns)
