"""How fast documents are written: against mlx-lm one by one, and against its batches given the same prompts whole.

    python benchmarks/writing.py [--json] [--small]

64 documents of 128 tokens after a prefix of 600 tokens that all share, sampled at temperature 1, by the embedded model
and by one of two layers in the shape of a Qwen3 with random weights in fp32. No id ends a text, on any
side, so that all write the same number of tokens. mlx-lm writes a few documents one by one and half of them in batches
of its own size, and the time of all is computed from that. Ours and one by one have two turns; the faster counts.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from msm_mlx.resources.blas import load_openblas, use_one_thread

BLAS = load_openblas()

import mlx.core as mx  # noqa: E402  (the BLAS must be there first)
from mlx.utils import tree_flatten  # noqa: E402
from mlx_lm import generate  # noqa: E402
from mlx_lm.generate import batch_generate  # noqa: E402
from mlx_lm.models import qwen3  # noqa: E402
from mlx_lm.tokenizer_utils import TokenizerWrapper  # noqa: E402
from shapes import qwen3_shape  # noqa: E402

import msm_mlx  # noqa: E402
from msm_mlx.engine.generate_seeded import generate_each  # noqa: E402
from msm_mlx.engine.loaded_model import LoadedModel, load_base  # noqa: E402

BARS = {"mlx_lm.generate": "at least 5", "mlx_lm.batch_generate": "at least 1.3"}
OWN = 24  # tokens of each prompt after the shared ones
BATCH = 32  # documents in a batch of mlx-lm, if it is not told otherwise; the second batch takes as long as the first
ALONE = 4  # documents that are written one by one; the time of all is computed from theirs
# with the vocabulary of the embedded model, whose tokenizer it borrows
QWEN3 = qwen3_shape(
    hidden_size=512, num_hidden_layers=2, intermediate_size=1536, num_attention_heads=8,
    num_key_value_heads=4, head_dim=64, vocab_size=1339,
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """What has to be written."""

    documents: int = 64
    tokens: int = 128
    prefix: int = 600

    def prompts(self, vocabulary: int) -> list[list[int]]:
        draw = random.Random(0)
        shared = [draw.randrange(5, vocabulary) for _ in range(self.prefix)]
        return [shared + [draw.randrange(5, vocabulary) for _ in range(OWN)] for _ in range(self.documents)]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--small", is_flag=True, help="A tiny job, to see that the benchmark works; its ratios mean nothing.")
def main(as_json: bool, small: bool) -> None:
    """Measure the writer against mlx-lm."""
    job = Job(documents=8, tokens=8, prefix=40) if small else Job()
    base = load_base(Path(msm_mlx.__file__).parent / "pocket" / "weights")
    models = {"pocket": base, "qwen3": _random(base)}
    each = {name: measure(loaded, job) for name, loaded in models.items()}
    ratios = {peer: min(figures["ratios"][peer] for figures in each.values()) for peer in BARS}
    figures = {"ratios": ratios, "models": each, "blas": BLAS, "device": str(mx.default_device())}
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    table = Table(title=f"{job.documents} documents of {job.tokens} tokens after {job.prefix} shared tokens")
    for column in ("model", "ours against", "ratio", "bar", "peak, MB", "ours, MB"):
        table.add_column(column)
    for name, measured in each.items():
        for peer, bar in BARS.items():
            peaks = [f"{measured['peak_bytes'][who] / 1e6:.0f}" for who in (peer, "msm_mlx")]
            table.add_row(name, peer, f"{measured['ratios'][peer]:.2f}", bar, *peaks)
    Console().print(table)


def measure(loaded: LoadedModel, job: Job) -> dict[str, Any]:
    """Seconds, peak memory and ratios with one model."""
    writer = endless(loaded)
    prompts = job.prompts(int(loaded.model.args.vocab_size))
    seconds: dict[str, float] = {}
    peaks: dict[str, int] = {}
    few = prompts[:ALONE]
    turns: list[tuple[str, Callable[..., int], list[list[int]]]] = [
        ("msm_mlx", write_ours, prompts),
        ("mlx_lm.generate", _one_by_one, few),
        ("mlx_lm.batch_generate", write_batched, prompts[:BATCH]),
        ("mlx_lm.generate", _one_by_one, few),
        ("msm_mlx", write_ours, prompts),
    ]
    for _, write, _ in turns[:3]:
        write(writer, prompts[:2], 2)  # the first time only warms up
    for name, write, chosen in turns:
        taken, peaks[name] = _timed(partial(write, writer, chosen, job.tokens))
        seconds[name] = min(seconds.get(name, math.inf), taken * len(prompts) / len(chosen))
    return {
        "ratios": {peer: seconds[peer] / seconds["msm_mlx"] for peer in BARS},
        "seconds": seconds,
        "peak_bytes": peaks,
        "parameters": sum(value.size for _, value in tree_flatten(loaded.model.parameters())),
    }


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    mx.clear_cache()
    mx.reset_peak_memory()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start, mx.get_peak_memory()


class Endless(LoadedModel):
    """A model that no token stops."""

    @property
    def stop_tokens(self) -> list[list[int]]:
        return []

    @property
    def context_length(self) -> None:
        """None: mlx-lm writes on where the context ends, and so do we here, for as many tokens."""
        return None


def endless(loaded: LoadedModel) -> Endless:
    return Endless(loaded.model, _without_end(loaded.tokenizer), loaded.folder)


def _without_end(tokenizer: TokenizerWrapper) -> TokenizerWrapper:
    """The same tokenizer, with no id that ends a text."""
    wrapper = TokenizerWrapper(tokenizer._tokenizer)
    wrapper.eos_token_ids = None
    return wrapper


def _draw(logprobs: mx.array) -> mx.array:
    return mx.random.categorical(logprobs)


def write_ours(loaded: LoadedModel, prompts: list[list[int]], tokens: int) -> int:
    replies = generate_each(
        loaded, prompts, range(len(prompts)), max_tokens=tokens, batch_size=len(prompts), temperature=1.0
    )
    return _all_written(sum(reply.tokens for _, reply in replies), prompts, tokens)


def write_batched(loaded: LoadedModel, prompts: list[list[int]], tokens: int) -> int:
    """With the batch sizes that mlx-lm takes by itself."""
    response = batch_generate(
        loaded.model, loaded.tokenizer, prompts, max_tokens=tokens, sampler=_draw, return_token_ids=True
    )
    return _all_written(sum(map(len, response.token_ids)), prompts, tokens)


def _one_by_one(loaded: LoadedModel, prompts: list[list[int]], tokens: int) -> int:
    for prompt in prompts:
        generate(loaded.model, loaded.tokenizer, prompt, max_tokens=tokens, sampler=_draw)
    return len(prompts) * tokens


def _all_written(written: int, prompts: list[list[int]], tokens: int) -> int:
    if written != len(prompts) * tokens:
        raise click.ClickException(f"{written} tokens were written and not {len(prompts) * tokens}")
    return written


def _random(base: LoadedModel) -> LoadedModel:
    mx.random.seed(0)
    model = qwen3.Model(QWEN3)
    mx.eval(model.parameters())
    use_one_thread(sum(value.size for _, value in tree_flatten(model.parameters())))  # as loading a model does
    return LoadedModel(model, base.tokenizer, Path("random"))


if __name__ == "__main__":
    main()
