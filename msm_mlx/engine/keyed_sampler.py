"""One draw for all rows of a batch, in which every row has randomness of its own."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Sequence
from typing import Any

import mlx.core as mx

from msm_mlx.engine.token_filter import EVERY_TOKEN, TokenFilter


class KeyedSampler:
    """Draws the next token of every row from a key of its own: the row's seed, and the number of its draw.

    So a row gets the same tokens whatever is written beside it. mlx-lm's `BatchGenerator` calls a sampler with the
    log-probabilities (B, V) of rows that it does not name, which is why the sampler follows along to know them:

    - A step of the generator, `BatchGenerator.next`, calls the sampler at most twice. First for the rows that are being
      written, in the order of its batch: it drops those that end or are removed, and puts new ones at its end. Then
      for the rows that begin to be written, which were read up to their last token in an earlier step, in the order in
      which they were inserted. It leaves the second call out while the batch is full.
    - The responses of a step say which rows went on, which began, and which are read now. From them `after_step`
      derives both orders for the next step, and `before_step` makes them the ones that are due.
    - A prompt has two tokens at least. One of a single token would begin in the step in which it is first seen.

    A version of mlx-lm with another order would give rows the keys of others. Where the numbers of rows differ, that
    is an AssertionError. Where they do not, replies would come to depend on their neighbours: each reply is compared
    with the same reply written alone in tests/engine/test_generate_seeded.py, over rows that begin, end and are
    refilled at different steps.

    mlx-lm would also take a sampler for each row, and name it so. It then draws row by row, and writing took 1.2 to
    1.6 times as long for 16 to 64 rows on a CPU.
    """

    def __init__(self, temperature: float, token_filter: TokenFilter = EVERY_TOKEN) -> None:
        self.temperature = temperature
        self.token_filter = token_filter
        self.seeds: dict[int, int] = {}
        """Of every row, by the generator's id of it; below 2**32."""
        self._draws: Counter[int] = Counter()
        self._writing: list[int] = []
        self._beginning: list[int] = []
        self._due: deque[list[int]] = deque()

    def before_step(self) -> None:
        """Call this before each step of the generator."""
        self._due = deque(rows for rows in (self._writing, self._beginning) if rows)

    def after_step(self, prompts: Sequence[Any], responses: Sequence[Any], removed: Collection[int]) -> None:
        """Call this after each step with what it has returned, and with the rows that were removed since."""
        begun = [response.uid for response in prompts if response.end_of_prompt]
        going_on = [response.uid for response in responses if response.finish_reason is None]
        self._writing = [uid for uid in [*going_on, *begun] if uid not in removed]
        waiting = [uid for uid in self._beginning if uid not in begun]
        read = [r.uid for r in prompts if not r.end_of_prompt and r.progress[0] == r.progress[1] - 1]
        self._beginning = [*waiting, *read]

    def __call__(self, logprobs: mx.array) -> mx.array:
        """The tokens (B,) that follow from log-probabilities (B, V). Temperature 0 takes the likeliest."""
        uids = self._due.popleft()
        if len(uids) != logprobs.shape[0]:
            raise AssertionError("mlx_lm's BatchGenerator orders its rows in another way than this version's")
        if not self.temperature:
            return mx.argmax(logprobs, axis=-1)
        draws = [(self.seeds[uid], self._draws[uid]) for uid in uids]
        self._draws.update(uids)
        return draw_tokens(logprobs, draws, self.temperature, self.token_filter)


def draw_tokens(
    logprobs: mx.array,
    draws: Sequence[tuple[int, int]],
    temperature: float,
    token_filter: TokenFilter = EVERY_TOKEN,
) -> mx.array:
    """Tokens (B,) from log-probabilities (B, V). `draws` has each row's seed and the number of its draw."""
    if not temperature:
        return mx.argmax(logprobs, axis=-1)
    return _draw(token_filter.apply(logprobs / temperature), mx.array(list(draws), mx.uint32))


_draw = mx.vmap(lambda logits, key: mx.random.categorical(logits, key=key))  # (B, V) and (B, 2) to (B,)
