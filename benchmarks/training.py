"""Training against mlx_lm's own trainer: useful tokens a second, and the peak memory of a step.

    python benchmarks/training.py [--json] [--small]

Both train the same LoRA adapter on the same Qwen3-shaped model with random weights, the same rows, batch size, longest
row and optimiser, in this process. A useful token is one that is learned and is not padding.
"""

from __future__ import annotations

import gc
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from msm_mlx.resources.blas import load_openblas

BLAS = load_openblas()

import mlx.core as mx  # noqa: E402  (the BLAS must be there first)
import mlx.optimizers as optim  # noqa: E402
import numpy as np  # noqa: E402
from mlx_lm.models import qwen3  # noqa: E402
from mlx_lm.tuner import trainer as peer  # noqa: E402
from shapes import qwen3_shape  # noqa: E402

from msm_mlx.engine.adapters import LoraShape, add_lora  # noqa: E402
from msm_mlx.engine.limits import bounded_memory  # noqa: E402
from msm_mlx.engine.loaded_model import load_base  # noqa: E402
from msm_mlx.models.folder import POCKET_FOLDER  # noqa: E402
from msm_mlx.recipe.schema import TrainSettings  # noqa: E402
from msm_mlx.training.metrics import Update  # noqa: E402
from msm_mlx.training.tokenize import TokenRow, document_rows  # noqa: E402
from msm_mlx.training.trainer import TrainingCallbacks, train  # noqa: E402

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


@dataclass(frozen=True)
class Task:
    """Rows, and how they are trained on."""

    rows: list[TokenRow]
    batch_size: int
    max_length: int
    updates: int  # after a first one that is not measured


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
    updates: list[Update] = []
    settings = TrainSettings(
        learning_rate=1e-4,
        updates=task.updates + 1,
        batch_size=task.batch_size,
        max_length=task.max_length,
        checkpoint_every=10**6,
    )
    train(
        make_model(shape),
        task.rows,
        settings,
        seed=0,
        checkpoint=Path("none"),
        callbacks=TrainingCallbacks(updates.append),
    )
    if peak:
        return float(mx.get_peak_memory())
    measured = updates[1:]
    return sum(update.supervised_tokens for update in measured) / sum(update.seconds for update in measured)


class PeerRows:
    """Rows as mlx_lm's trainer takes them: ids, and where the prompt ends."""

    def __init__(self, rows: Sequence[TokenRow]) -> None:
        self._rows = [(list(row.ids), 0) for row in rows]

    def __getitem__(self, index: int) -> tuple[list[int], int]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)


def peer_speed(shape: qwen3.ModelArgs, task: Task, peak: bool = False) -> float:
    """The same by mlx_lm's trainer."""
    model, started, useful = make_model(shape), list[float](), list[int]()

    def batches(*arguments: Any, **options: Any) -> Iterator[Any]:
        for batch, lengths in peer.iterate_batches(*arguments, **options):
            started.append(time.perf_counter())
            useful.append(int((np.array(lengths)[:, 1] - 1).sum()))
            yield batch, lengths

    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        arguments = peer.TrainingArgs(
            batch_size=task.batch_size,
            iters=task.updates + 1,
            val_batches=0,
            steps_per_report=10**6,
            steps_per_eval=10**6,
            steps_per_save=10**6,
            max_seq_length=task.max_length,
            adapter_file=f"{folder}/adapters.safetensors",
        )
        np.random.seed(0)
        optimizer = optim.AdamW(learning_rate=1e-4, bias_correction=True)
        peer.train(model, optimizer, PeerRows(task.rows), None, arguments, iterate_batches=batches)
    if peak:
        return float(mx.get_peak_memory())
    return sum(useful[1:]) / (time.perf_counter() - started[1])


if __name__ == "__main__":
    main()
