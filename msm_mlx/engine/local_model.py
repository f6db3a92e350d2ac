"""A chat model in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from msm_mlx.engine.chat_model import LongPrompt, OnStep, Reply, SamplingParams, fit_chats
from msm_mlx.engine.generate_seeded import generate_each
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.token_filter import TokenFilter
from msm_mlx.prompting.prompts import Message
from msm_mlx.resources.machine import free_memory


@dataclass(frozen=True)
class LocalModel:
    """The model that `loaded` now is, with whatever adapter is on it.

    It writes as many replies side by side as the free memory allows, and at most `batch_size`. `on_step` hears of the
    tokens while they are written.
    """

    loaded: LoadedModel
    free_memory: Callable[[], float] = free_memory
    on_step: OnStep = lambda begun, tokens: None

    def replies(
        self,
        chats: Sequence[Sequence[Message]],
        sampling: SamplingParams,
        seeds: Sequence[int],
        *,
        long_prompts: LongPrompt = LongPrompt.REFUSE,
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[int, Reply]]:
        """As `ChatModel` has it. Raises LongPromptError at once, and not when the first reply is asked for."""
        return self.write(self.fit(chats, sampling, long_prompts), sampling, seeds, say)

    def fit(
        self, chats: Sequence[Sequence[Message]], sampling: SamplingParams, long_prompts: LongPrompt
    ) -> list[tuple[int, Sequence[Message], Sequence[int]]]:
        """The chats that the model can read, each with its index and the ids of its prompt.

        Raises:
            LongPromptError: if one does not fit, and is not to be skipped, or cannot be cut enough.
        """
        render = partial(self.loaded.render, thinking=True) if sampling.thinking else self.loaded.render
        return fit_chats(
            chats,
            sampling,
            long_prompts,
            limit=self.loaded.context_length,
            render=partial(render, reply=True),
            drop=self._drop,
        )

    def write(
        self,
        fitting: Sequence[tuple[int, Sequence[Message], Sequence[int]]],
        sampling: SamplingParams,
        seeds: Sequence[int],
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[int, Reply]]:
        """The replies to chats that `fit` has given."""
        generated = generate_each(
            self.loaded,
            [prompt for _, _, prompt in fitting],
            [seeds[index] for index, _, _ in fitting],
            max_tokens=sampling.max_tokens,
            batch_size=sampling.batch_size,
            temperature=sampling.temperature,
            token_filter=TokenFilter(sampling.top_k, sampling.top_p, sampling.min_p),
            stop=sampling.stop,
            memory=self.free_memory(),
            on_fewer=lambda rows, reason: say(f"Batch: {rows} replies side by side, {reason}."),
            on_step=self.on_step,
        )
        for position, reply in generated:
            yield fitting[position][0], reply

    def _drop(self, text: str, tokens: int) -> str:
        """The text without so many tokens at its beginning, and without what is left there of half a character."""
        return self.loaded.decode(self.loaded.encode(text)[tokens:]).lstrip("\ufffd")
