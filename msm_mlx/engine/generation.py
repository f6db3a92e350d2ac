"""Replies to many prompts at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mlx.core as mx
from mlx_lm.generate import BatchGenerator
from mlx_lm.sample_utils import make_sampler

from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.loaded_model import LoadedModel


def generate_replies(
    loaded: LoadedModel,
    prompts: Sequence[Sequence[int]],
    *,
    max_tokens: int,
    batch_size: int,
    temperature: float = 0.0,
    seed: int = 0,
    on_reply: Callable[[Reply], None] = lambda reply: None,
) -> list[Reply]:
    """One reply to each prompt, in order. Equal arguments give equal replies, whatever ran before.

    Temperature 0 takes the likeliest token always.
    """
    mx.random.seed(seed)
    generator = BatchGenerator(
        loaded.model,
        max_tokens=max_tokens,
        stop_tokens=loaded.stop_tokens,
        sampler=make_sampler(temp=temperature),
        completion_batch_size=batch_size,
        prefill_batch_size=batch_size,
    )
    replies: dict[int, Reply] = {}
    ids: dict[int, list[int]] = {}
    try:
        uids = generator.insert([list(prompt) for prompt in prompts])
        ids = {uid: [] for uid in uids}
        while len(replies) < len(uids):
            for response in generator.next_generated():
                stopped = response.finish_reason == "stop"
                if not stopped:
                    ids[response.uid].append(response.token)
                if response.finish_reason is not None:
                    tokens = ids[response.uid]
                    reply = Reply(loaded.decode(tokens).strip(), len(tokens), stopped)
                    replies[response.uid] = reply
                    on_reply(reply)
    finally:
        generator.close()
    return [replies[uid] for uid in uids]
