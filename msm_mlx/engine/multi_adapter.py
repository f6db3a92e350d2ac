"""One base in memory under any number of adapters, which reply and score in one batch, a row for each.

Where a probe shows that the rows of such a batch are not what each adapter gives alone, one adapter is on at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, groupby
from pathlib import Path
from typing import cast

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.models.cache import make_prompt_cache

from msm_mlx.engine.adapter_files import WEIGHTS
from msm_mlx.engine.adapters import adapter_shape, load_adapter
from msm_mlx.engine.architectures import architecture_of
from msm_mlx.engine.cache_rows import PREFILL_STEP, Cache, read_rows
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.multi_lora import NamedAdapter, RowAdapters, can_stack, stack_adapters, unstack_adapters
from msm_mlx.engine.scoring import score_with_adapters
from msm_mlx.engine.switched_adapters import SwitchedAdapters
from msm_mlx.engine.token_filter import EVERY_TOKEN, TokenFilter
from msm_mlx.prompting.prompts import Message
from msm_mlx.resources.blas import single_threaded_blas
from msm_mlx.text.wording import error_line

SCORING_BATCH_SIZE = 32  # rows, of all adapters together
PROBE, PROBE_ROWS = (5, 2, 7, 1, 3), 3
MAX_DEVIATION = 0.02  # of logits, relative to their range; rounding in bf16 is below

Adapters = Sequence[int | None]
"""The adapter of each row, as an index; None is the base."""


class Variants:
    """The variants over one base, by label.

    adapters: for each label, the index of its adapter in the stack of `row_adapters`; None is the base itself.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        row_adapters: RowAdapters | SwitchedAdapters,
        adapters: Mapping[str, int | None],
        reason: str = "",
    ) -> None:
        self.loaded = loaded
        self.reason = reason
        """Why one adapter is on at a time, as a line for the log; empty where all share a batch."""
        self._row_adapters = row_adapters
        self._adapters = dict(adapters)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._adapters)

    def tokens(
        self,
        prompts: Sequence[Sequence[int]],
        labels: Sequence[str],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        token_filter: TokenFilter = EVERY_TOKEN,
        seed: int = 0,
        prefill_step: int = PREFILL_STEP,
    ) -> Iterator[list[int]]:
        """Yields the next token of each of N labels, each after its own of N prompts, `max_tokens` times. A label that
        has ended goes on decoding. Labels that follow each other and have the same prompt share a batch.

        Temperature 0 takes the most probable token. Otherwise all rows sample with the same random numbers, so that
        equal distributions give equal tokens, whichever labels share the batch.
        """
        groups: list[_Group] = []
        for prompt, same in groupby(zip(prompts, labels, strict=True), key=lambda pair: list(pair[0])):
            for adapters in self._groups([label for _, label in same]):
                groups.append(_Group(self.loaded.model, self._row_adapters, adapters))
                groups[-1].read(prompt[:-1], prefill_step)
        key = mx.random.key(seed)
        tokens = mx.array([prompt[-1] for prompt in prompts])  # (N,)
        for _ in range(max_tokens):
            ends = list(accumulate(len(group.adapters) for group in groups))
            rows = mx.split(tokens, ends[:-1])
            logits = mx.concatenate([group.step(row) for group, row in zip(groups, rows, strict=True)])  # (N, V)
            key, step_key = mx.random.split(key)
            tokens = sample_tokens(logits, temperature, step_key, token_filter)
            with single_threaded_blas():
                step = cast("list[int]", tokens.tolist())
            yield step

    def score(
        self,
        chats: Sequence[tuple[Sequence[Message], str]],
        labels: Sequence[str],
        *,
        batch_size: int = SCORING_BATCH_SIZE,
    ) -> dict[str, list[float]]:
        """For each label, the summed log-probability in nats of each chat's reply with its end-of-turn token."""
        groups = self._groups(labels) if self.loaded.batching.scoring else [[self._adapters[label]] for label in labels]
        scores: list[list[float]] = []
        for adapters in groups:

            def select(rows: int, adapters: Adapters = adapters) -> AbstractContextManager[None]:
                return self._row_adapters.using([adapter for adapter in adapters for _ in range(rows)])

            scores += score_with_adapters(
                self.loaded, chats, batch_size=batch_size, adapters=len(adapters), select=select
            )
        return dict(zip(labels, scores, strict=True))

    def _groups(self, labels: Sequence[str]) -> list[Adapters]:
        """The adapters of `labels`, those together that share a batch."""
        adapters = [self._adapters[label] for label in labels]
        return [[adapter] for adapter in adapters] if self.reason else [adapters]


@dataclass
class _Group:
    """A batch in the making: a row for each of `adapters`, all after one prompt."""

    model: nn.Module
    row_adapters: RowAdapters | SwitchedAdapters
    adapters: Adapters
    cache: Cache = field(init=False)

    def read(self, ids: Sequence[int], step: int = PREFILL_STEP) -> None:
        cache, rows = make_prompt_cache(self.model), [ids] * len(self.adapters)
        with self.row_adapters.using(self.adapters):
            self.cache = read_rows(lambda ids, cache: self.model(ids, cache=cache), rows, cache, step)

    def step(self, tokens: mx.array) -> mx.array:
        """Logits (N, V) in fp32 after the tokens (N,)."""
        with self.row_adapters.using(self.adapters):
            logits: mx.array = self.model(tokens[:, None], cache=self.cache)[:, -1].astype(mx.float32)
            if isinstance(self.row_adapters, SwitchedAdapters):
                mx.eval(logits)  # before the next adapter is on
        return logits


def load_variants(loaded: LoadedModel, folders: Mapping[str, Path | None]) -> Variants:
    """Put the adapters in `folders` over `loaded`. `folders` has labels as keys; None stands for the base itself.

    Raises:
        MsmError: naming the file, if an adapter cannot be read or does not fit.
    """
    distinct = list(dict.fromkeys(folder for folder in folders.values() if folder is not None))
    indices = {label: None if folder is None else distinct.index(folder) for label, folder in folders.items()}
    adapters = [_load(folder) for folder in distinct]
    reason = "it has adapters on more than linear layers"
    if can_stack(loaded.model, adapters):
        row_adapters = stack_adapters(loaded.model, adapters)
        reason = _why_not_together(loaded.model, row_adapters, [None, *range(len(adapters))][:PROBE_ROWS])
        if not reason:
            return Variants(loaded, row_adapters, indices)
        unstack_adapters(loaded.model)
    name = architecture_of(loaded.model)
    line = f"Comparing: the arms answer one after another; {name}: {reason}."
    return Variants(loaded, SwitchedAdapters(loaded.model, adapters), indices, line)


def _why_not_together(model: nn.Module, row_adapters: RowAdapters, adapters: Adapters) -> str:
    """Why the rows of a batch with several adapters are not what each gives alone; empty where they are."""

    def after_probe(adapters: Adapters) -> mx.array:  # (N, V)
        group = _Group(model, row_adapters, adapters)
        group.read(PROBE[:-1])
        return group.step(mx.array([PROBE[-1]] * len(adapters)))

    try:
        together, alone = after_probe(adapters), mx.concatenate([after_probe([adapter]) for adapter in adapters])
        agree = (mx.abs(together - alone).max() <= MAX_DEVIATION * mx.abs(alone - alone.mean()).max()).item()
        return "" if agree else "in one batch they change each other's answers"
    except Exception as error:  # the code of an architecture may fail in any way
        return f"they cannot share a batch ({error_line(error)})"


def _load(folder: Path) -> NamedAdapter:
    return NamedAdapter(str(folder / WEIGHTS), load_adapter(folder), adapter_shape(folder).scale)


def sample_tokens(
    logits: mx.array, temperature: float, key: mx.array, token_filter: TokenFilter = EVERY_TOKEN
) -> mx.array:
    """Tokens (N,) from logits (N, V), by the Gumbel-max trick with the same noise for all rows."""
    if temperature > 0:
        noise = mx.random.gumbel((1, logits.shape[-1]), key=key)
        logits = token_filter.apply(logits / temperature) + noise
    return mx.argmax(logits, axis=-1)


@cache
def _shared_stream() -> mx.Stream:
    return mx.new_thread_unsafe_stream(mx.cpu)


def enter_thread() -> None:
    """Have this thread compute on one stream that all threads share, one after another.

    On a CPU every stream has a system thread, which mlx 0.32.4 does not end with the stream. Fifty engines with a
    stream each would leave fifty threads behind.
    """
    if mx.default_device() == mx.Device(mx.cpu):
        mx.set_default_stream(_shared_stream())


def release_thread() -> None:
    """Free what mlx holds for this thread, which must not use mlx again.

    If a thread ends without this, the process aborts when it exits.
    """
    mx.synchronize()
    mx.clear_cache()
    mx.clear_streams()
