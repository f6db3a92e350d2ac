"""Log-probabilities of given replies, of one model or of several adapters at once.

What chats have in common is computed once: the start of all of them (template, system prompt), then each prompt for all
its replies. Only replies reach the head of the model.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_map
from mlx_lm.models.cache import ConcatenateKVCache, KVCache, make_prompt_cache

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.split import SplitModel, WholeModel, split_model
from msm_mlx.prompting.prompts import Message

PREFILL = 512  # tokens of a row that go through the model at once
CACHED = 1 << 17  # tokens that the caches of one batch may hold: 16 rows of 8192

Cache = list[Any]  # of mlx-lm, one a layer
Rows = Callable[[int], AbstractContextManager[None]]
"""Puts in force, for a batch of so many rows an adapter, which adapter each row runs with: all rows of the first come
first."""


@dataclass(frozen=True)
class _Prompt:
    """The ids of a prompt, and of each reply to it with the number of its chat."""

    ids: tuple[int, ...]
    replies: tuple[tuple[int, tuple[int, ...]], ...]


def score_replies(
    loaded: LoadedModel, chats: Sequence[tuple[Sequence[Message], str]], *, batch_size: int
) -> list[float]:
    """The summed log-probability, in nats, of each chat's reply with the end of its turn. (N,) chats, (N,) scores."""
    return score_together(loaded, chats, batch_size=batch_size)[0]


def score_together(
    loaded: LoadedModel,
    chats: Sequence[tuple[Sequence[Message], str]],
    *,
    batch_size: int,
    adapters: int = 1,
    using: Rows = lambda count: nullcontext(),
) -> list[list[float]]:
    """The scores of `score_replies` with each of `adapters`, (A,) lists of (N,), in batches of `batch_size` rows.

    Prompts of one length share a batch, so that nothing stands between a prompt and its replies.
    """
    scores = [[0.0] * len(chats) for _ in range(adapters)]
    prompts = _prompts([split_chat(loaded, messages, reply) for messages, reply in chats])
    if not prompts:
        return scores
    split = split_model(loaded.model)
    start = _common(prompts)
    with using(1):
        opening = _read(split, [prompts[0].ids[:start]] * adapters, _new_cache(loaded.model))
    for batch in _batches(prompts, max(1, batch_size // adapters)):
        replies = [(at, number, ids) for at, prompt in enumerate(batch) for number, ids in prompt.replies]
        with using(len(batch)):
            caches = _take(opening, [a for a in range(adapters) for _ in batch])
            caches = _read(split, [prompt.ids[start:-1] for prompt in batch] * adapters, caches)
        rows = [(batch[at].ids[-1], *ids) for at, _, ids in replies]
        with using(len(rows)):
            caches = _take(caches, [a * len(batch) + at for a in range(adapters) for at, _, _ in replies])
            found = _score(split, rows * adapters, caches)
        for at, score in enumerate(found):
            scores[at // len(rows)][replies[at % len(rows)][1]] = score
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


def _prompts(chats: Sequence[tuple[list[int], int]]) -> list[_Prompt]:
    """The distinct prompts, shortest first; those of chats with an empty reply, whose score is 0, are left out."""
    replies: dict[tuple[int, ...], list[tuple[int, tuple[int, ...]]]] = {}
    for number, (ids, start) in enumerate(chats):
        if len(ids) > start:
            replies.setdefault(tuple(ids[:start]), []).append((number, tuple(ids[start:])))
    return sorted((_Prompt(ids, tuple(own)) for ids, own in replies.items()), key=lambda prompt: len(prompt.ids))


def _common(prompts: Sequence[_Prompt]) -> int:
    """How many ids all prompts begin with, the last of each prompt left out."""
    first, last = min(prompt.ids for prompt in prompts), max(prompt.ids for prompt in prompts)
    most = min(len(prompts[0].ids) - 1, len(last))  # the shortest prompt comes first
    return next((at for at in range(most) if first[at] != last[at]), most)


def _batches(prompts: Sequence[_Prompt], rows: int) -> Iterator[list[_Prompt]]:
    """Prompts of equal length, with at most `rows` replies, as long as they have fewer alone."""
    for length, equal in groupby(prompts, key=lambda prompt: len(prompt.ids)):
        batch: list[_Prompt] = []
        most = max(1, min(rows, CACHED // length))
        for prompt in equal:
            if batch and sum(len(p.replies) for p in (*batch, prompt)) > most:
                yield batch
                batch = []
            batch.append(prompt)
        yield batch


def _new_cache(model: nn.Module) -> Cache:
    """mlx-lm's cache for `model`, plain ones without the room for 256 more tokens, which short replies never fill."""
    return [ConcatenateKVCache() if type(layer) is KVCache else layer for layer in make_prompt_cache(model)]


def _take(cache: Cache, rows: Sequence[int]) -> Cache:
    """The given rows of a cache, any number of times each. An empty cache has none, and stays empty."""
    taken = [copy.copy(layer) for layer in cache]
    index = mx.array(list(rows))
    for layer in taken:
        if not layer.empty():
            layer.state = tree_map(lambda part: part[index] if isinstance(part, mx.array) else part, layer.state)
    return taken


def _read(model: SplitModel | WholeModel, rows: Sequence[Sequence[int]], cache: Cache) -> Cache:
    """Put ids of equal length, (B, T), through the model for what they leave in `cache`, which is given back."""
    ids = mx.array([list(row) for row in rows])  # (B, T)
    for start in range(0, ids.shape[-1] if ids.ndim == 2 else 0, PREFILL):
        model.hidden(ids[:, start : start + PREFILL], cache)
        mx.eval([layer.state for layer in cache])
    return cache


def _score(model: SplitModel | WholeModel, rows: Sequence[Sequence[int]], cache: Cache) -> list[float]:
    """The summed log-probability of each row's ids after its first, in nats. (B,)."""
    width = max(map(len, rows))
    ids = mx.array([[*row, *[0] * (width - len(row))] for row in rows])  # (B, T)
    learned = mx.arange(1, width)[None] < mx.array([len(row) for row in rows])[:, None]  # (B, T-1)
    logits = model.logits(model.hidden(ids[:, :-1], cache)).astype(mx.float32)  # (B, T-1, V)
    losses = nn.losses.cross_entropy(logits, ids[:, 1:])  # (B, T-1)
    return cast("list[float]", (-mx.where(learned, losses, 0.0).sum(axis=1)).tolist())
