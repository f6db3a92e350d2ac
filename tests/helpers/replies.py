"""Replies of a model to prompts that are ids already."""

from __future__ import annotations

from collections.abc import Sequence

from msm_mlx.engine.chat_model import Reply, in_order
from msm_mlx.engine.generate_seeded import generate_each
from msm_mlx.engine.loaded_model import LoadedModel


def greedy_replies(loaded: LoadedModel, prompts: Sequence[Sequence[int]], max_tokens: int) -> list[Reply]:
    """The likeliest replies, each written alone."""
    seeds = [0] * len(prompts)
    return list(in_order(generate_each(loaded, prompts, seeds, max_tokens=max_tokens, batch_size=1)))
