"""Many replies side by side to prompts of equal length: no row is padded, and none joins later.

For architectures whose layers do not know of padding, or whose caches cannot be joined; see `batching`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, groupby
from typing import cast

import mlx.core as mx
from mlx_lm.generate import StopSequences
from mlx_lm.models.cache import make_prompt_cache

from msm_mlx.engine.cache_rows import PREFILL_STEP, read_rows, take_rows
from msm_mlx.engine.chat_model import OnStep, Reply
from msm_mlx.engine.keyed_sampler import draw_tokens
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.pending_reply import PendingReply
from msm_mlx.engine.token_filter import EVERY_TOKEN, TokenFilter


def generate_equal(
    loaded: LoadedModel,
    rows: Sequence[PendingReply],
    size: int,
    temperature: float,
    prefill_step: int = PREFILL_STEP,
    token_filter: TokenFilter = EVERY_TOKEN,
    on_step: OnStep = lambda begun, tokens: None,
) -> Iterator[tuple[int, Reply]]:
    """The replies of `rows`, at most `size` at a time. `on_step` hears of the tokens while they are written."""
    by_length = sorted(rows, key=lambda row: len(row.prompt))
    for _, group in groupby(by_length, key=lambda row: len(row.prompt)):
        same_length = list(group)
        for start in range(0, len(same_length), size):
            batch = same_length[start : start + size]
            yield from _generate(loaded, batch, temperature, prefill_step, token_filter, on_step)


def _generate(
    loaded: LoadedModel,
    rows: Sequence[PendingReply],
    temperature: float,
    prefill_step: int,
    token_filter: TokenFilter,
    on_step: OnStep,
) -> Iterator[tuple[int, Reply]]:
    model, stop_sequences = loaded.model, StopSequences(loaded.stop_tokens)
    matchers = [stop_sequences.matcher() for _ in rows]
    prompts = [row.prompt[:-1] for row in rows]
    cache = read_rows(lambda ids, cache: model(ids, cache=cache), prompts, make_prompt_cache(model), prefill_step)
    tokens = mx.array([row.prompt[-1] for row in rows])  # (B,)
    for draw in count():
        logits = model(tokens[:, None], cache=cache)[:, -1]  # (B, V)
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)  # (B, V)
        draws = [(row.seed % 2**32, draw) for row in rows]
        tokens = draw_tokens(logprobs, draws, temperature, token_filter)
        on_step(0 if draw else len(rows), len(rows))
        going_on = []
        for position, (row, token) in enumerate(zip(rows, cast("list[int]", tokens.tolist()), strict=True)):
            ends = matchers[position].advance(token)
            reason = "stop" if ends else "length" if draw + 1 >= row.max_tokens else None
            reply = row.take(token, reason, loaded)
            if reply:
                yield row.index, reply
            else:
                going_on.append(position)
        if not going_on:
            return
        if len(going_on) < len(rows):
            rows, matchers = [rows[i] for i in going_on], [matchers[i] for i in going_on]
            tokens, cache = tokens[mx.array(going_on)], take_rows(cache, going_on)
