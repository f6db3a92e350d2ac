"""Many replies side by side: each with a seed of its own, what prompts begin with read once, rows refilled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.generate import BatchGenerator
from mlx_lm.models.cache import make_prompt_cache

from msm_mlx.engine.cache_rows import PREFILL_STEP, read_prefix
from msm_mlx.engine.chat_model import OnStep, Reply
from msm_mlx.engine.generate_equal import generate_equal
from msm_mlx.engine.keyed_sampler import KeyedSampler
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.pending_reply import PendingReply
from msm_mlx.engine.prefix import prefix_attention, shared_row
from msm_mlx.engine.shared_prefixes import shared_prefixes
from msm_mlx.engine.token_filter import EVERY_TOKEN, TokenFilter

MIN_GROUP_ROWS = 8  # from which rows of one beginning are written apart from others, without copies of its cache
MIXED_BATCHES = 4  # of rows of several beginnings, whose caches are in memory together
OUT_OF_MEMORY = (  # in mlx's errors
    "[metal::malloc]",
    "nsufficient Memory",
    "OutOfMemory",
    "nable to allocate",
    "failed: out of memory",  # of CUDA
)
CACHE_SHARE = 0.4  # of the memory that is there, for the keys and values of all rows; growing them copies them once


def generate_each(
    loaded: LoadedModel,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    *,
    max_tokens: int,
    batch_size: int,
    temperature: float = 0.0,
    token_filter: TokenFilter = EVERY_TOKEN,
    stop: Sequence[str] = (),
    memory: float | None = None,
    prefill_step: int = PREFILL_STEP,
    on_fewer: Callable[[int, str], None] = lambda rows, reason: None,
    on_step: OnStep = lambda begun, tokens: None,
) -> Iterator[tuple[int, Reply]]:
    """The replies to `prompts` as they are finished, each with its index.

    A reply depends on its prompt and its seed, whatever is written beside it: every row draws from keys of its own.
    The logits of a row do change in their last bits with the shape of the batch, so that a draw that is as good as
    tied can fall otherwise; in half precision and with temperature 0 this is seen now and then, in single precision
    hardly ever.

    Args:
        prompts: their ids. Each has two tokens at least, and leaves room for one more in the model's context.
        seeds: one for each prompt.
        max_tokens: of a reply, which also ends where the model's context does.
        batch_size: how many rows are written at a time, at most.
        temperature: 0 takes the likeliest token always.
        token_filter: the tokens that may be drawn.
        stop: strings that end a reply and are not part of it.
        memory: bounds the bytes of keys and values; None does not. Where it runs out all the same, half as many rows
            go on with what is left.
        prefill_step: tokens of a prompt that go through the model at once.
        on_fewer: is told of fewer rows than `batch_size`, with the reason.
        on_step: hears of the tokens while they are written.
    """
    if not prompts:
        return
    longest = [loaded.room_for_reply(prompt, max_tokens) for prompt in prompts]
    tokens = max(len(prompt) + most for prompt, most in zip(prompts, longest, strict=True))
    size = _rows_that_fit(loaded.model, tokens, batch_size, memory)
    if size < batch_size:
        on_fewer(size, f"for {(memory or 0) / 1e9:.1f} GB are free")
    generate = _generate_groups if loaded.batching.writing == "any lengths" else generate_equal
    if loaded.batching.writing == "one at a time":
        size = 1
    pending = list(range(len(prompts)))
    while pending:
        rows = [PendingReply(i, prompts[i], 0, seeds[i], longest[i], stop) for i in pending]
        done: set[int] = set()
        try:
            for index, reply in generate(loaded, rows, size, temperature, prefill_step, token_filter, on_step):
                done.add(index)
                yield index, reply
        except (MemoryError, RuntimeError) as error:
            if size == 1 or not (isinstance(error, MemoryError) or any(sign in str(error) for sign in OUT_OF_MEMORY)):
                raise
            size //= 2
            on_fewer(size, "because there was no memory for more")
            mx.clear_cache()
        pending = [i for i in pending if i not in done]


def _generate_groups(
    loaded: LoadedModel,
    rows: Sequence[PendingReply],
    size: int,
    temperature: float,
    prefill_step: int,
    token_filter: TokenFilter,
    on_step: OnStep,
) -> Iterator[tuple[int, Reply]]:
    """The replies of `rows`, those of one beginning together."""
    groups: dict[tuple[int, ...], list[PendingReply]] = {}
    batching, prompts = loaded.batching, [row.prompt for row in rows]
    prefixes = shared_prefixes(prompts) if batching.merges_prefixes else [()] * len(prompts)
    for row, prefix in zip(rows, prefixes, strict=True):
        row.shared = len(prefix)
        groups.setdefault(prefix, []).append(row)
    mixed: list[PendingReply] = []
    for prefix, group in groups.items():  # the cache of one beginning at a time is in memory
        is_large = prefix and len(group) >= min(size, MIN_GROUP_ROWS) and batching.attends_to_prefixes
        shared = shared_row(loaded.model, read_prefix(loaded.model, prefix, prefill_step)) if is_large else None
        if shared:
            yield from _generate(
                loaded, group, {prefix: shared}, size, temperature, prefill_step, token_filter, on_step
            )
        else:
            mixed += group
    for start in range(0, len(mixed), MIXED_BATCHES * size):
        part = mixed[start : start + MIXED_BATCHES * size]
        prefixes_here = {row.prefix for row in part if row.prefix}
        caches = {prefix: read_prefix(loaded.model, prefix, prefill_step) for prefix in prefixes_here}
        yield from _generate(loaded, part, caches, size, temperature, prefill_step, token_filter, on_step)


def _generate(
    loaded: LoadedModel,
    rows: Sequence[PendingReply],
    caches: dict[tuple[int, ...], Any],
    size: int,
    temperature: float,
    prefill_step: int,
    token_filter: TokenFilter,
    on_step: OnStep,
) -> Iterator[tuple[int, Reply]]:
    """The replies of `rows`, which go on from the caches of what they begin with."""
    sampler = KeyedSampler(temperature, token_filter)
    generator = BatchGenerator(
        loaded.model,
        sampler=sampler,
        stop_tokens=loaded.stop_tokens,
        completion_batch_size=size,
        prefill_batch_size=size,
        prefill_step_size=prefill_step,
    )
    try:
        uids = generator.insert(
            [list(row.prompt[row.shared :]) for row in rows],
            max_tokens=[row.max_tokens for row in rows],
            caches=[caches.get(row.prefix) or make_prompt_cache(loaded.model) for row in rows],
        )
        open_rows = dict(zip(uids, rows, strict=True))
        sampler.seeds = {uid: row.seed % 2**32 for uid, row in open_rows.items()}
        while open_rows:
            sampler.before_step()
            with prefix_attention(loaded.model):
                prompts, responses = generator.next()
            if responses:
                on_step(sum(not open_rows[r.uid].ids for r in responses), len(responses))
            replies = {
                r.uid: reply for r in responses if (reply := open_rows[r.uid].take(r.token, r.finish_reason, loaded))
            }
            stopped = [r.uid for r in responses if r.uid in replies and r.finish_reason is None]
            if stopped:
                generator.remove(stopped)
            sampler.after_step(prompts, responses, stopped)
            for uid, reply in replies.items():
                yield open_rows.pop(uid).index, reply
    finally:
        generator.close()


def _rows_that_fit(model: nn.Module, tokens: int, batch_size: int, memory: float | None) -> int:
    """How many rows of `tokens` may be written at a time; one at least."""
    if memory is None:
        return batch_size
    probe = make_prompt_cache(model)
    model(mx.zeros((1, 8), mx.int32), cache=probe)
    each = sum(layer.nbytes for layer in probe) / max(getattr(probe[0], "step", 256), 8)  # bytes a token
    return max(1, min(batch_size, int(CACHE_SHARE * (memory - mx.get_active_memory()) / max(each * tokens, 1))))
