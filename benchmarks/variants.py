"""What several variants over one base cost: memory against one variant, and time against one after another.

    python benchmarks/variants.py [--json] [--small]

The base has random weights in the shape of a Qwen3, in fp32 and made in memory; the adapters are random, of rank 16.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from msm_mlx.resources.blas import load_openblas, use_one_thread

BLAS = load_openblas()

import mlx.core as mx  # noqa: E402  (the BLAS must be there first)
import mlx.nn as nn  # noqa: E402
from mlx.utils import tree_flatten  # noqa: E402
from mlx_lm.models import qwen3  # noqa: E402
from shapes import qwen3_shape  # noqa: E402

from msm_mlx.engine.loaded_model import LoadedModel  # noqa: E402
from msm_mlx.engine.multi_adapter import Variants  # noqa: E402
from msm_mlx.engine.multi_lora import NamedAdapter, stack_adapters  # noqa: E402

RANK = 16
LABELS = ("a", "b", "c", "d")
PROMPT = tuple(range(5, 29))
BARS = {"memory_four_variants": "at most 1.15", "decode_speed": "at least 2"}

# eight layers of Qwen3-0.6B: 128M parameters
FULL = qwen3_shape(
    hidden_size=1024, num_hidden_layers=8, intermediate_size=3072, num_attention_heads=16,
    num_key_value_heads=8, head_dim=128, vocab_size=2048,
)  # fmt: skip
SMALL = qwen3_shape(
    hidden_size=64, num_hidden_layers=2, intermediate_size=192, num_attention_heads=4,
    num_key_value_heads=2, head_dim=16, vocab_size=512,
)  # fmt: skip


@dataclass(frozen=True)
class Memory:
    """Bytes with the variants loaded, and the most while all of them decode."""

    active: int
    peak: int


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--small", is_flag=True, help="A tiny base, to see that the benchmark works; its ratios mean nothing.")
@click.option("--tokens", default=16, show_default=True, type=click.IntRange(2), help="Tokens of each answer.")
def main(as_json: bool, small: bool, tokens: int) -> None:
    """Measure four variants over one base."""
    figures = measure(SMALL if small else FULL, tokens)
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    table = Table(title=f"Four variants, {figures['parameters'] / 1e6:.1f}M parameters, rank {RANK}")
    for column in ("ratio", "measured", "bar"):
        table.add_column(column)
    for name, value in figures["ratios"].items():
        table.add_row(name, f"{value:.2f}", BARS[name])
    Console().print(table)


def measure(shape: qwen3.ModelArgs, tokens: int) -> dict[str, Any]:
    """All figures. Fails if the variants write other tokens together than alone."""
    one, _ = _with_variants(shape, LABELS[:1], tokens)
    four, variants = _with_variants(shape, LABELS, tokens)
    together, alone = decode_speeds(variants, tokens)
    return {
        "ratios": {"memory_four_variants": four.active / one.active, "decode_speed": alone / together},
        "parameters": sum(v.size for _, v in tree_flatten(variants.loaded.model.parameters()) if v.ndim < 3),
        "rank": RANK,
        "tokens": tokens,
        "tokens_identical": True,
        "memory_bytes": {"one_variant": asdict(one), "four_variants": asdict(four)},
        "seconds_for_a_token_of_each": {"together": together, "one_after_another": alone},
        "tokens_per_second": {"together": len(LABELS) / together, "one_after_another": len(LABELS) / alone},
        "blas": BLAS,
        "device": str(mx.default_device()),
    }


def _with_variants(shape: qwen3.ModelArgs, labels: Sequence[str], tokens: int) -> tuple[Memory, Variants]:
    gc.collect()
    mx.clear_cache()
    before = mx.get_active_memory()
    variants = _make(shape, labels)
    active = mx.get_active_memory() - before
    mx.reset_peak_memory()
    _decode(variants, labels, min(tokens, 4))  # the first decoding is also the warm-up
    return Memory(active, mx.get_peak_memory() - before), variants


def _make(shape: qwen3.ModelArgs, labels: Sequence[str]) -> Variants:
    mx.random.seed(0)
    model = qwen3.Model(shape)
    mx.eval(model.parameters())
    use_one_thread(sum(value.size for _, value in tree_flatten(model.parameters())))  # as loading a model does
    rows = stack_adapters(model, [random_adapter(model, label) for label in labels])
    return Variants(LoadedModel(model, None, Path("random")), rows, {label: i for i, label in enumerate(labels)})


def random_adapter(model: nn.Module, label: str) -> NamedAdapter:
    weights = {}
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            outputs, inputs = module.weight.shape
            weights[f"{name}.lora_a"] = mx.random.normal((inputs, RANK), scale=inputs**-0.5)
            weights[f"{name}.lora_b"] = mx.random.normal((RANK, outputs), scale=0.1)
    return NamedAdapter(label, weights, scale=2.0)


def decode_speeds(variants: Variants, tokens: int) -> tuple[float, float]:
    """Seconds for one more token of every variant: together, and one after another.

    Medians over the tokens, with the shared decoding before and after the others: what else the machine does meanwhile
    then weighs little.
    """
    first, steps_before = _decode(variants, LABELS, tokens)
    each = [_decode(variants, [label], tokens) for label in LABELS]
    second, steps_after = _decode(variants, LABELS, tokens)
    if not first == second == [answer for answers, _ in each for answer in answers]:
        raise click.ClickException("the variants write other tokens together than alone")
    return median(steps_before + steps_after), sum(median(steps) for _, steps in each)


def _decode(variants: Variants, labels: Sequence[str], tokens: int) -> tuple[list[tuple[int, ...]], list[float]]:
    """Every label's tokens, greedily, and the seconds of every step but the first, which reads the prompt."""
    steps, times = [], [time.perf_counter()]
    for step in variants.tokens([PROMPT] * len(labels), labels, max_tokens=tokens):
        steps.append(step)
        times.append(time.perf_counter())
    return list(zip(*steps, strict=True)), [after - before for before, after in pairwise(times[1:])]


if __name__ == "__main__":
    main()
