"""Who writes: something that chats are put to, and that replies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from msm_mlx.engine.generate_seeded import generate_each
from msm_mlx.engine.generation import Reply, generate_replies
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.prompting.prompts import Message
from msm_mlx.resources.machine import free_memory


@dataclass(frozen=True)
class SamplingParams:
    """How a writer is asked: tokens of the longest reply, replies side by side, what ends a reply, and whether it may
    think first."""

    max_tokens: int
    batch_size: int
    temperature: float
    stop: tuple[str, ...] = ()
    thinking: bool = False


Ask = Callable[[Sequence[list[Message]], int], list[Reply]]
"""Puts chats to the writer, with a seed, and returns its replies in order."""


class ChatModel(Protocol):
    """Puts chats to a model."""

    def together(
        self, chats: Sequence[list[Message]], sampling: SamplingParams, seed: int, on_reply: Callable[[Reply], None]
    ) -> list[Reply]:
        """One reply to each chat, in order, all from one seed."""
        ...

    def each(
        self, chats: Sequence[list[Message]], sampling: SamplingParams, seeds: Sequence[int], say: Callable[[str], None]
    ) -> Iterator[tuple[int, Reply]]:
        """The replies as they are finished, each with its place and from a seed of its own."""
        ...


def in_places(count: int, coming: Iterable[tuple[int, Reply]], on_reply: Callable[[Reply], None]) -> list[Reply]:
    """All `count` replies in the order of their places."""
    replies: dict[int, Reply] = {}
    for place, reply in coming:
        replies[place] = reply
        on_reply(reply)
    return [replies[place] for place in range(count)]


def reply_each(
    loaded: LoadedModel,
    prompts: Sequence[Sequence[int]],
    sampling: SamplingParams,
    seeds: Sequence[int],
    say: Callable[[str], None],
    things: str = "documents",
) -> Iterator[tuple[int, Reply]]:
    """The replies of a model in this process, as many side by side as the free memory allows; `say` hears if fewer."""
    return generate_each(
        loaded,
        prompts,
        seeds,
        max_tokens=sampling.max_tokens,
        batch_size=sampling.batch_size,
        temperature=sampling.temperature,
        stop=sampling.stop,
        memory=free_memory(),
        on_fewer=lambda rows, why: say(f"Batch: {rows} {things} side by side, {why}."),
    )


@dataclass(frozen=True)
class LocalModel:
    """A model in this process."""

    loaded: LoadedModel

    def together(
        self, chats: Sequence[list[Message]], sampling: SamplingParams, seed: int, on_reply: Callable[[Reply], None]
    ) -> list[Reply]:
        prompts = self._prompts(chats, sampling)
        longest, limit = max(map(len, prompts), default=0), self.loaded.context_length
        if limit and longest >= limit:
            raise MsmError(
                f"a question of {longest} tokens does not fit into the {limit} that the writer reads; shorten the "
                "sections of the spec, or use a writer with a longer context"
            )
        return generate_replies(
            self.loaded,
            prompts,
            max_tokens=sampling.max_tokens,
            batch_size=sampling.batch_size,
            temperature=sampling.temperature,
            seed=seed,
            on_reply=on_reply,
        )

    def each(
        self, chats: Sequence[list[Message]], sampling: SamplingParams, seeds: Sequence[int], say: Callable[[str], None]
    ) -> Iterator[tuple[int, Reply]]:
        return reply_each(self.loaded, self._prompts(chats, sampling), sampling, seeds, say)

    def _prompts(self, chats: Sequence[list[Message]], sampling: SamplingParams) -> list[list[int]]:
        render = partial(self.loaded.render, thinking=True) if sampling.thinking else self.loaded.render
        return [render(chat, reply=True) for chat in chats]
