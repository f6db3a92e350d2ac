"""Training against mlx_lm's own trainer: useful tokens a second, and the peak memory of a step.

    python benchmarks/training.py [--json] [--small]

Both train the same LoRA adapter on the same Qwen3-shaped model with random weights, the same rows, batch size, longest
row and optimiser, in this process. A useful token is one that is learned and is not padding.
"""

from __future__ import annotations

import gc
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from msm_mlx.resources.blas import load_openblas

BLAS = load_openblas()

import mlx.core as mx  # noqa: E402  (the BLAS must be there first)
import numpy as np  # noqa: E402
from mlx_lm.models import qwen3  # noqa: E402
from shapes import qwen3_shape  # noqa: E402
from trainers import Task, our_updates, peer_updates, tokens_per_second  # noqa: E402

from msm_mlx.engine.adapters import LoraShape, add_lora  # noqa: E402
from msm_mlx.engine.limits import bounded_memory  # noqa: E402
from msm_mlx.engine.loaded_model import load_base  # noqa: E402
from msm_mlx.models.folder import POCKET_FOLDER  # noqa: E402
from msm_mlx.training.tokenize import TokenRow, document_rows  # noqa: E402

SHAPE = LoraShape(16, 2.0)
BARS = {
    "useful_tokens_per_second": "at least 1.5",
    "useful_tokens_per_second_pocket_documents": "at least 1.5",
    "useful_tokens_per_second_log_normal": "at least 1.5",
    "peak_memory": "at most 0.30",
    "peak_memory_twice_the_rows": "at most 1.2",
}

SPEED = qwen3_shape(
    hidden_size=256, num_hidden_layers=2, intermediate_size=768, num_attention_heads=2,
    num_key_value_heads=1, head_dim=128, vocab_size=16_384,
)  # fmt: skip
MEMORY = qwen3_shape(
    hidden_size=64, num_hidden_layers=2, intermediate_size=128, num_attention_heads=1,
    num_key_value_heads=1, head_dim=64, vocab_size=151_936,
)  # fmt: skip


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--small", is_flag=True, help="A tiny model, to see that the benchmark works; its ratios mean nothing.")
def main(as_json: bool, small: bool) -> None:
    """Measure training against mlx_lm's trainer."""
    with bounded_memory():
        figures = measure(small)
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    table = Table(title="msm-mlx / mlx_lm")
    for column in ("ratio", "measured", "bar"):
        table.add_column(column)
    for name, value in figures["ratios"].items():
        table.add_row(name, f"{value:.2f}", BARS[name])
    Console().print(table)


def measure(small: bool) -> dict[str, Any]:
    shape = replace(SPEED, vocab_size=2048, hidden_size=32, intermediate_size=64) if small else SPEED
    wide = replace(MEMORY, vocab_size=4096) if small else MEMORY
    tasks = {"pocket_documents": pocket_task(small), "log_normal": log_normal_task(small)}
    speeds = {
        name: {"msm_mlx": our_speed(shape, task), "mlx_lm": peer_speed(shape, task)} for name, task in tasks.items()
    }
    length = 128 if small else 1024
    one, two = (Task(random_rows([length + 1] * count), count, length + 1, 0) for count in (1, 2))
    peaks = {
        "msm_mlx": our_speed(wide, one, peak=True),
        "msm_mlx_twice_the_rows": our_speed(wide, two, peak=True),
        "mlx_lm": peer_speed(wide, one, peak=True),
    }
    ratios = {name: speed["msm_mlx"] / speed["mlx_lm"] for name, speed in speeds.items()}
    return {
        "ratios": {
            "useful_tokens_per_second": min(ratios.values()),
            **{f"useful_tokens_per_second_{name}": ratio for name, ratio in ratios.items()},
            "peak_memory": peaks["msm_mlx"] / peaks["mlx_lm"],
            "peak_memory_twice_the_rows": peaks["msm_mlx_twice_the_rows"] / peaks["msm_mlx"],
        },
        "useful_tokens_per_second": speeds,
        "peak_bytes": peaks,
        "model": asdict(shape),
        "memory_model": asdict(wide),
        "blas": BLAS,
        "device": str(mx.default_device()),
    }


@cache
def pocket_task(small: bool) -> Task:
    """Documents that pocket has written, as the pocket profile trains on them."""
    from msm_mlx.documents.plan import plan_documents
    from msm_mlx.documents.store import Output
    from msm_mlx.documents.write import Assignment, write_documents
    from msm_mlx.engine.local_model import LocalModel
    from msm_mlx.files import read_jsonl
    from msm_mlx.recipe.load import load_recipe
    from msm_mlx.recipe.shipped import shipped_recipes
    from msm_mlx.spec import load_spec
    from msm_mlx.suites.load import SUITES

    count = 8 if small else 64
    recipe = load_recipe(
        shipped_recipes()["cheese_american"], overrides=[f"documents.count={count}"], known_suites=SUITES
    )
    loaded = load_base(POCKET_FOLDER)
    spec = load_spec(recipe.specs[0], model_name=recipe.model_name, provider_name=recipe.provider_name)
    with tempfile.TemporaryDirectory() as folder:
        slots = plan_documents(spec, recipe.settings.documents)
        assignment = Assignment(spec, recipe.model_name, recipe.settings.documents)
        write_documents(assignment, slots, LocalModel(loaded), Output(Path(folder), ""))
        texts = [record["text"] for record in read_jsonl(Path(folder) / "documents.jsonl")]
    settings = recipe.settings.midtrain
    rows = document_rows(loaded, texts, settings.max_length)
    return Task(rows, min(settings.batch_size, count // 2), settings.max_length, 1 if small else 4)


def log_normal_task(small: bool) -> Task:
    """Lengths of which the median is 300 and one in twenty is above 1,500."""
    lengths = np.random.default_rng(0).lognormal(np.log(300), np.log(5) / 1.645, 8 if small else 48)
    return Task(
        random_rows([int(n) for n in np.clip(lengths, 16, 2048) // (8 if small else 1)]), 4, 2048, 1 if small else 4
    )


def random_rows(lengths: Sequence[int]) -> list[TokenRow]:
    rng = np.random.default_rng(1)
    return [
        TokenRow(tuple(int(token) for token in rng.integers(1, 800, n)), (False, *(True,) * (n - 1)), i)
        for i, n in enumerate(lengths)
    ]


def make_model(shape: qwen3.ModelArgs) -> Any:
    mx.random.seed(0)
    model = qwen3.Model(shape)
    add_lora(model, SHAPE, 0)
    gc.collect()
    mx.clear_cache()
    mx.reset_peak_memory()
    return model


def our_speed(shape: qwen3.ModelArgs, task: Task, peak: bool = False) -> float:
    """Useful tokens a second, or the peak of memory in bytes."""
    updates = our_updates(make_model(shape), task)
    return float(mx.get_peak_memory()) if peak else tokens_per_second(updates)


def peer_speed(shape: qwen3.ModelArgs, task: Task, peak: bool = False) -> float:
    """The same by mlx_lm's trainer."""
    updates = peer_updates(make_model(shape), task)
    return float(mx.get_peak_memory()) if peak else tokens_per_second(updates)


if __name__ == "__main__":
    main()
