"""Log-probabilities of plain text after plain text, without a chat template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import mlx.core as mx
import mlx.nn as nn

from msm_mlx.engine.loaded_model import LoadedModel

Row = tuple[Sequence[int], Sequence[int]]
"""The ids of a context, at least one, and of what follows it."""


def score_continuations(loaded: LoadedModel, rows: Sequence[Row], *, batch_size: int) -> list[tuple[float, bool]]:
    """The summed log-probability (nats) of each row's continuation, and whether greedy decoding would give it. (N,)

    Rows are padded on the right, where a causal model sees nothing of it.
    """
    filled = [at for at, (_, text) in enumerate(rows) if text]
    order = sorted(filled, key=lambda at: len(rows[at][0]) + len(rows[at][1]))
    found = dict.fromkeys(range(len(rows)), (0.0, True))  # of nothing
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        found |= zip(batch, _score(loaded.model, [rows[at] for at in batch]), strict=True)
    return [found[at] for at in range(len(rows))]


def _score(model: nn.Module, rows: Sequence[Row]) -> list[tuple[float, bool]]:
    whole = [[*context, *text] for context, text in rows]
    width = max(map(len, whole))
    ids = mx.array([[*row, *[0] * (width - len(row))] for row in whole])  # (B, T)
    at = mx.arange(1, width)[None]  # (1, T-1)
    first = mx.array([[len(context)] for context, _ in rows])  # (B, 1)
    scored = (at >= first) & (at < mx.array([[len(row)] for row in whole]))  # (B, T-1)
    logits = model(ids[:, :-1]).astype(mx.float32)  # (B, T-1, V)
    losses = mx.where(scored, nn.losses.cross_entropy(logits, ids[:, 1:]), 0.0)  # (B, T-1)
    greedy = mx.where(scored, logits.argmax(axis=-1) == ids[:, 1:], True).all(axis=1)  # (B,)
    sums = cast("list[float]", (-losses.sum(axis=1)).tolist())
    return list(zip(sums, cast("list[bool]", greedy.tolist()), strict=True))
