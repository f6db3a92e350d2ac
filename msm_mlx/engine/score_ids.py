"""Log-probabilities of replies as token ids: with all that chats share computed once, and one by one.

First the beginning of all chats is read (template, system prompt), then each prompt for all its replies. Only replies
go through the head of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import groupby
from typing import cast

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.models.cache import ConcatenateKVCache, KVCache, make_prompt_cache

from msm_mlx.engine.cache_rows import Cache, read_rows, take_rows
from msm_mlx.engine.split import SplitModel, WholeModel, split_model

MAX_CACHED_TOKENS = 1 << 17  # of all rows of a batch together: 16 rows of 8192

ChatIds = tuple[Sequence[int], int]
"""The ids of a whole chat, and the position in them at which the reply starts."""
SelectAdapters = Callable[[int], AbstractContextManager[None]]
"""Takes a number of rows n. Within the context, a batch of A * n rows runs with A adapters: the first n rows with the
first adapter, and so on."""


@dataclass(frozen=True)
class _PromptReplies:
    """The ids of a prompt, and for each reply to it the number of its chat and its ids."""

    ids: tuple[int, ...]
    replies: tuple[tuple[int, tuple[int, ...]], ...]


def score_together(
    model: nn.Module,
    chats: Sequence[ChatIds],
    *,
    batch_size: int,
    adapters: int = 1,
    select: SelectAdapters = lambda rows: nullcontext(),
) -> list[list[float]]:
    """The summed log-probability, in nats, of each reply, under each of A `adapters`: A lists of one for each chat.

    Batches have at most `batch_size` rows, all adapters together. Only prompts of equal length share a batch, so that
    no padding stands between a prompt and its replies.
    """
    scores = [[0.0] * len(chats) for _ in range(adapters)]
    prompts = _group_by_prompt(chats)
    if not prompts:
        return scores
    split = split_model(model)
    shared = _shared_length(prompts)
    with select(1):
        shared_cache = read_rows(split.hidden, [prompts[0].ids[:shared]] * adapters, _new_cache(model))
    for batch in _batches(prompts, max(1, batch_size // adapters)):
        replies = [(index, chat, ids) for index, prompt in enumerate(batch) for chat, ids in prompt.replies]
        with select(len(batch)):
            cache = take_rows(shared_cache, [adapter for adapter in range(adapters) for _ in batch])
            cache = read_rows(split.hidden, [prompt.ids[shared:-1] for prompt in batch] * adapters, cache)
        rows = [(batch[index].ids[-1], *ids) for index, _, ids in replies]
        with select(len(rows)):
            prompt_rows = [adapter * len(batch) + index for adapter in range(adapters) for index, _, _ in replies]
            batch_scores = _score(split, rows * adapters, take_rows(cache, prompt_rows))
        for row, score in enumerate(batch_scores):
            adapter, reply = divmod(row, len(rows))
            scores[adapter][replies[reply][1]] = score
    return scores


def score_each(model: nn.Module, chats: Sequence[ChatIds]) -> list[float]:
    """The same scores, every chat by itself and without a cache. Slow, and what faster ways are held against."""
    split = split_model(model)
    scores = []
    for ids, start in chats:
        if len(ids) <= start:  # an empty reply
            scores.append(0.0)
            continue
        hidden = split.hidden(mx.array([list(ids[:-1])]))[:, start - 1 :]  # (1, R, D)
        losses = nn.losses.cross_entropy(split.logits(hidden).astype(mx.float32), mx.array([list(ids[start:])]))
        scores.append(-cast("float", losses.sum().item()))
    return scores


def _group_by_prompt(chats: Sequence[ChatIds]) -> list[_PromptReplies]:
    """The distinct prompts, shortest first. Chats with an empty reply, whose score is 0, are left out."""
    replies: dict[tuple[int, ...], list[tuple[int, tuple[int, ...]]]] = {}
    for number, (ids, start) in enumerate(chats):
        if len(ids) > start:
            replies.setdefault(tuple(ids[:start]), []).append((number, tuple(ids[start:])))
    prompts = (_PromptReplies(ids, tuple(prompt_replies)) for ids, prompt_replies in replies.items())
    return sorted(prompts, key=lambda prompt: len(prompt.ids))


def _shared_length(prompts: Sequence[_PromptReplies]) -> int:
    """How many ids all prompts begin with, not counting the last id of a prompt, which `_score` reads."""
    first, last = min(prompt.ids for prompt in prompts), max(prompt.ids for prompt in prompts)
    longest = min(len(prompts[0].ids) - 1, len(last))  # the shortest prompt comes first
    return next((index for index in range(longest) if first[index] != last[index]), longest)


def _batches(prompts: Sequence[_PromptReplies], max_rows: int) -> Iterator[list[_PromptReplies]]:
    """Prompts of equal length whose replies fit into `max_rows`; a prompt with more replies is a batch of its own."""
    for length, group in groupby(prompts, key=lambda prompt: len(prompt.ids)):
        batch: list[_PromptReplies] = []
        limit = max(1, min(max_rows, MAX_CACHED_TOKENS // length))
        for prompt in group:
            if batch and sum(len(p.replies) for p in (*batch, prompt)) > limit:
                yield batch
                batch = []
            batch.append(prompt)
        yield batch


def _new_cache(model: nn.Module) -> Cache:
    """mlx-lm's cache for `model`; plain layers do not reserve 256 more tokens, which short replies never fill."""
    return [ConcatenateKVCache() if type(layer) is KVCache else layer for layer in make_prompt_cache(model)]


def _score(model: SplitModel | WholeModel, rows: Sequence[Sequence[int]], cache: Cache) -> list[float]:
    """The summed log-probability, in nats, of each row's ids after its first. (B,)"""
    width = max(map(len, rows))
    ids = mx.array([[*row, *[0] * (width - len(row))] for row in rows])  # (B, T)
    is_token = mx.arange(1, width)[None] < mx.array([len(row) for row in rows])[:, None]  # (B, T-1), false on padding
    logits = model.logits(model.hidden(ids[:, :-1], cache)).astype(mx.float32)  # (B, T-1, V)
    losses = nn.losses.cross_entropy(logits, ids[:, 1:])  # (B, T-1)
    return cast("list[float]", (-mx.where(is_token, losses, 0.0).sum(axis=1)).tolist())
