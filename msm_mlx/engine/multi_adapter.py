"""One base in memory and any number of adapters over it, that answer and score together, a row for each."""

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
from msm_mlx.engine.scoring import score_together
from msm_mlx.prompting.prompts import Message
from msm_mlx.resources.blas import few_rows

PREFILL = 512  # tokens of a prompt at once
SCORED_ROWS = 32


class Variants:
    """The base and its adapters by label. `adapters` says which of the stack a label means; None is the base."""

    def __init__(self, loaded: LoadedModel, rows: RowAdapters, adapters: Mapping[str, int | None]) -> None:
        self.loaded = loaded
        self._rows = rows
        self._adapters = dict(adapters)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._adapters)

    def tokens(
        self, prompt: Sequence[int], labels: Sequence[str], *, max_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[list[int]]:
        """The next token of every label, `max_tokens` times: all decode in one batch, whoever has ended.

        Temperature 0 takes the likeliest token. Else all rows draw with the same randomness, so that equal
        distributions give equal tokens, whichever labels share the batch.
        """
        model = self.loaded.model
        chosen = [self._adapters[label] for label in labels]
        cache = make_prompt_cache(model)
        ids = mx.array([list(prompt)] * len(chosen))  # (N, T)
        with self._rows.using(chosen):
            for start in range(0, len(prompt) - 1, PREFILL):
                model(ids[:, start : min(start + PREFILL, len(prompt) - 1)], cache=cache)
                mx.eval([layer.state for layer in cache])
        key = mx.random.key(seed)
        latest = ids[:, -1]
        for _ in range(max_tokens):
            with self._rows.using(chosen):
                logits = model(latest[:, None], cache=cache)[:, -1].astype(mx.float32)  # (N, V)
            key, now = mx.random.split(key)
            latest = _draw(logits, temperature, now)
            with few_rows():
                step = cast("list[int]", latest.tolist())
            yield step

    def score(self, chats: Sequence[tuple[Sequence[Message], str]], labels: Sequence[str]) -> dict[str, list[float]]:
        """The summed log-probability, in nats, of each chat's reply with the end of its turn, under every label."""
        chosen = [self._adapters[label] for label in labels]
        scores = score_together(
            self.loaded,
            chats,
            batch_size=SCORED_ROWS,
            adapters=len(labels),
            using=lambda count: self._rows.using([adapter for adapter in chosen for _ in range(count)]),
        )
        return dict(zip(labels, scores, strict=True))


def load_variants(loaded: LoadedModel, folders: Mapping[str, Path | None]) -> Variants:
    """Put the adapters in `folders`, by label, over `loaded`; None is the base itself.

    Raises:
        MsmError: naming the file, if an adapter cannot be read or does not fit.
    """
    distinct = list(dict.fromkeys(folder for folder in folders.values() if folder is not None))
    rows = stack_adapters(loaded.model, [_read(folder) for folder in distinct])
    return Variants(
        loaded, rows, {label: None if folder is None else distinct.index(folder) for label, folder in folders.items()}
    )


def _read(folder: Path) -> NamedAdapter:
    return NamedAdapter(str(folder / WEIGHTS), load_adapter(folder), adapter_shape(folder).scale)


def _draw(logits: mx.array, temperature: float, key: mx.array) -> mx.array:
    """(N, V) to (N,). The Gumbel maximum, with one noise for all rows."""
    if temperature > 0:
        logits = logits / temperature + mx.random.gumbel((1, logits.shape[-1]), key=key)
    return mx.argmax(logits, axis=-1)


@cache
def _shared_stream() -> mx.Stream:
    return mx.new_thread_unsafe_stream(mx.cpu)


def enter_thread() -> None:
    """Let this thread compute where all threads do that come here, one after another.

    On a CPU every stream has a thread of the system, which mlx 0.32.4 does not end with the stream: fifty engines, each
    on a stream of its own, would leave fifty of them.
    """
    if mx.default_device() == mx.Device(mx.cpu):
        mx.set_default_stream(_shared_stream())


def release_thread() -> None:
    """Give back what mlx holds for this thread, which can use mlx no more; a thread that ends without aborts the
    process at its exit."""
    mx.synchronize()
    mx.clear_cache()
    mx.clear_streams()
