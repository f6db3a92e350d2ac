"""Log-probabilities of given replies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import mlx.core as mx
import mlx.nn as nn

from msm_mlx.engine.models import LoadedModel, Message

ROUND_TO = 16  # widths are multiples of this, so that few shapes occur


def score_replies(
    loaded: LoadedModel, chats: Sequence[tuple[Sequence[Message], str]], *, batch_size: int
) -> list[float]:
    """The summed log-probability, in nats, of each chat's reply with the end of its turn. (N,) chats, (N,) scores."""
    rows = [split_chat(loaded, messages, reply) for messages, reply in chats]
    order = sorted(range(len(rows)), key=lambda index: len(rows[index][0]))
    scores = [0.0] * len(rows)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        for index, score in zip(chosen, score_rows(loaded, [rows[i] for i in chosen]), strict=True):
            scores[index] = score
    return scores


def split_chat(loaded: LoadedModel, messages: Sequence[Message], reply: str) -> tuple[list[int], int]:
    """The ids of the whole chat, and where the reply starts in them.

    Rendered as one, so that no token boundary falls where training never put one; templates that render a
    finished turn unlike an open one fall back to the open turn and the reply's own ids.
    """
    prompt = loaded.render(messages, reply=True)
    whole = loaded.render([*messages, {"role": "assistant", "content": reply}], reply=False)
    if whole[: len(prompt)] == prompt:
        return whole, len(prompt)
    return prompt + loaded.encode(reply), len(prompt)


def score_rows(loaded: LoadedModel, rows: Sequence[tuple[list[int], int]]) -> list[float]:
    """The summed log-probability of what follows the given start in each row of ids, all rows in one batch."""
    width = -(-max(len(ids) for ids, _ in rows) // ROUND_TO) * ROUND_TO
    ids = mx.array([ids + [0] * (width - len(ids)) for ids, _ in rows])  # (B, T)
    position = mx.arange(1, width)[None]  # (1, T-1), of the predicted token
    starts = mx.array([start for _, start in rows])[:, None]  # (B, 1)
    ends = mx.array([len(row) for row, _ in rows])[:, None]  # (B, 1)
    logits = loaded.model(ids[:, :-1]).astype(mx.float32)  # (B, T-1, V)
    losses = nn.losses.cross_entropy(logits, ids[:, 1:])  # (B, T-1)
    replies = (position >= starts) & (position < ends)
    scores = -mx.where(replies, losses, 0.0).sum(axis=1)  # (B,)
    return cast("list[float]", scores.tolist())
