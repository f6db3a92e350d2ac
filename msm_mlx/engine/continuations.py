"""Log-probabilities of plain text after plain text, without a chat template, as lm-evaluation-harness asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import mlx.core as mx
import mlx.nn as nn

from msm_mlx.engine.loaded_model import LoadedModel

ContextAndContinuation = tuple[Sequence[int], Sequence[int]]
"""The ids of a context, at least one, and of the text that continues it."""


def score_continuations(
    loaded: LoadedModel, rows: Sequence[ContextAndContinuation], *, batch_size: int
) -> list[tuple[float, bool]]:
    """For each of N rows, the continuation's summed log-probability in nats, and whether greedy decoding gives it.

    Rows are padded on the right, where causal attention sees none of it. An empty continuation scores 0 and is greedy.
    """
    nonempty = [index for index, (_, continuation) in enumerate(rows) if continuation]
    order = sorted(nonempty, key=lambda index: len(rows[index][0]) + len(rows[index][1]))
    scores = dict.fromkeys(range(len(rows)), (0.0, True))
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        scores |= zip(batch, _score(loaded.model, [rows[index] for index in batch]), strict=True)
    return [scores[index] for index in range(len(rows))]


def _score(model: nn.Module, rows: Sequence[ContextAndContinuation]) -> list[tuple[float, bool]]:
    texts = [[*context, *continuation] for context, continuation in rows]
    width = max(map(len, texts))
    ids = mx.array([[*text, *[0] * (width - len(text))] for text in texts])  # (B, T)
    positions = mx.arange(1, width)[None]  # (1, T-1)
    starts = mx.array([[len(context)] for context, _ in rows])  # (B, 1)
    ends = mx.array([len(text) for text in texts])[:, None]  # (B, 1)
    scored = (positions >= starts) & (positions < ends)  # (B, T-1)
    logits = model(ids[:, :-1]).astype(mx.float32)  # (B, T-1, V)
    losses = mx.where(scored, nn.losses.cross_entropy(logits, ids[:, 1:]), 0.0)  # (B, T-1)
    greedy = mx.where(scored, logits.argmax(axis=-1) == ids[:, 1:], True).all(axis=1)  # (B,)
    sums = cast("list[float]", (-losses.sum(axis=1)).tolist())
    return list(zip(sums, cast("list[bool]", greedy.tolist()), strict=True))
