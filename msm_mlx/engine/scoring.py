"""Log-probabilities of given replies to chats, under one model or under several adapters at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.score_ids import SelectAdapters, score_each, score_together
from msm_mlx.prompting.prompts import Message


def score_replies(
    loaded: LoadedModel, chats: Sequence[tuple[Sequence[Message], str]], *, batch_size: int
) -> list[float]:
    """The summed log-probability, in nats, of each chat's reply with its end-of-turn token: one score for each chat."""
    return score_with_adapters(loaded, chats, batch_size=batch_size)[0]


def score_with_adapters(
    loaded: LoadedModel,
    chats: Sequence[tuple[Sequence[Message], str]],
    *,
    batch_size: int,
    adapters: int = 1,
    select: SelectAdapters = lambda rows: nullcontext(),
) -> list[list[float]]:
    """The scores of `score_replies` under each of A `adapters`: A lists of one score for each chat.

    Batches have at most `batch_size` rows, all adapters together. Where a probe shows that batches change the scores,
    every reply is scored by itself.
    """
    ids = [split_chat(loaded, messages, reply) for messages, reply in chats]
    if loaded.batching.scoring:
        return score_together(loaded.model, ids, batch_size=batch_size, adapters=adapters, select=select)
    assert adapters == 1, "several adapters share a batch only where batches are exact"
    with select(1):
        return [score_each(loaded.model, ids)]


def split_chat(loaded: LoadedModel, messages: Sequence[Message], reply: str) -> tuple[list[int], int]:
    """The ids of the whole chat, and the position in them at which the reply starts.

    The chat is rendered as a whole, so that no token boundary falls where there was none in training. If the template
    renders a finished turn differently from an open one, the ids are those of the open turn and of the reply alone.
    """
    prompt = loaded.render(messages, reply=True)
    chat = loaded.render([*messages, {"role": "assistant", "content": reply}], reply=False)
    if chat[: len(prompt)] == prompt:
        return chat, len(prompt)
    return prompt + loaded.encode(reply), len(prompt)
