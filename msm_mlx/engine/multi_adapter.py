"""One base in memory under any number of adapters, which reply and score in one batch, a row for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import cast

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from msm_mlx.engine.adapter_files import WEIGHTS
from msm_mlx.engine.adapters import adapter_shape, load_adapter
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.multi_lora import NamedAdapter, RowAdapters, stack_adapters
from msm_mlx.engine.scoring import score_with_adapters
from msm_mlx.prompting.prompts import Message
from msm_mlx.resources.blas import single_threaded_blas

PREFILL_STEP = 512  # of a prompt that go through the model at once
SCORING_BATCH_SIZE = 32  # rows, of all adapters together


class Variants:
    """The variants over one base, by label.

    adapters: for each label, the index of its adapter in the stack of `row_adapters`; None is the base itself.
    """

    def __init__(self, loaded: LoadedModel, row_adapters: RowAdapters, adapters: Mapping[str, int | None]) -> None:
        self.loaded = loaded
        self._row_adapters = row_adapters
        self._adapters = dict(adapters)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._adapters)

    def tokens(
        self,
        prompt: Sequence[int],
        labels: Sequence[str],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
        prefill_step: int = PREFILL_STEP,
    ) -> Iterator[list[int]]:
        """Yields the next token of each of N labels, `max_tokens` times. A label that has ended goes on decoding.

        Temperature 0 takes the most probable token. Otherwise all rows sample with the same random numbers, so that
        equal distributions give equal tokens, whichever labels share the batch.
        """
        model = self.loaded.model
        adapters = [self._adapters[label] for label in labels]
        cache = make_prompt_cache(model)
        ids = mx.array([list(prompt)] * len(adapters))  # (N, T)
        with self._row_adapters.using(adapters):
            for start in range(0, len(prompt) - 1, prefill_step):
                model(ids[:, start : min(start + prefill_step, len(prompt) - 1)], cache=cache)
                mx.eval([layer.state for layer in cache])
        key = mx.random.key(seed)
        tokens = ids[:, -1]  # (N,)
        for _ in range(max_tokens):
            with self._row_adapters.using(adapters):
                logits = model(tokens[:, None], cache=cache)[:, -1].astype(mx.float32)  # (N, V)
            key, step_key = mx.random.split(key)
            tokens = sample_tokens(logits, temperature, step_key)
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
        adapters = [self._adapters[label] for label in labels]
        scores = score_with_adapters(
            self.loaded,
            chats,
            batch_size=batch_size,
            adapters=len(labels),
            select=lambda rows: self._row_adapters.using([adapter for adapter in adapters for _ in range(rows)]),
        )
        return dict(zip(labels, scores, strict=True))


def load_variants(loaded: LoadedModel, folders: Mapping[str, Path | None]) -> Variants:
    """Put the adapters in `folders` over `loaded`. `folders` has labels as keys; None stands for the base itself.

    Raises:
        MsmError: naming the file, if an adapter cannot be read or does not fit.
    """
    distinct = list(dict.fromkeys(folder for folder in folders.values() if folder is not None))
    row_adapters = stack_adapters(loaded.model, [_load(folder) for folder in distinct])
    indices = {label: None if folder is None else distinct.index(folder) for label, folder in folders.items()}
    return Variants(loaded, row_adapters, indices)


def _load(folder: Path) -> NamedAdapter:
    return NamedAdapter(str(folder / WEIGHTS), load_adapter(folder), adapter_shape(folder).scale)


def sample_tokens(logits: mx.array, temperature: float, key: mx.array) -> mx.array:
    """Tokens (N,) from logits (N, V), by the Gumbel-max trick with the same noise for all rows."""
    if temperature > 0:
        logits = logits / temperature + mx.random.gumbel((1, logits.shape[-1]), key=key)
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
