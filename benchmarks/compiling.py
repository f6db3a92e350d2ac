"""What `mx.compile` would give training: the time and the peak memory of updates, eager and compiled.

    python benchmarks/compiling.py [--json] [--small]

The same updates of the trainer over the same rows, twice each after a first round in which kernels are made and shapes
are traced, in this process. Decides whether the trainer compiles anything.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import click
from trainers import Task
from training import SPEED, log_normal_task, make_model, pocket_task

import mlx.core as mx  # isort: skip  (trainers has loaded the BLAS)
import mlx.nn as nn

from msm_mlx.engine.boundaries import boundaries, packed_attention
from msm_mlx.engine.limits import bounded_memory
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.training.loss import chunked_cross_entropy
from msm_mlx.training.packing import Batch, batch_rows, make_batches
from msm_mlx.training.plan import plan_training

UPDATES = 6
ROUNDS = 3  # the first is not measured


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--small", is_flag=True, help="A tiny model, to see that the benchmark works; its ratios mean nothing.")
def main(as_json: bool, small: bool) -> None:
    """Measure updates with and without mx.compile."""
    with bounded_memory():
        tasks = {"pocket_documents": pocket_task(small), "log_normal": log_normal_task(small)}
        ratios = {name: measure(task, small) for name, task in tasks.items()}
    figures = {"ratios": {f"{what}_{name}": value for name, found in ratios.items() for what, value in found.items()}}
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures["ratios"].items():
        print(f"{name}: {value:.2f} (compiled / eager)")


def measure(task: Task, small: bool) -> dict[str, float]:
    """Compiled over eager: the time of a round, of the first one, and the peak of memory."""
    model = make_model(replace(SPEED, vocab_size=2048, hidden_size=32, intermediate_size=64) if small else SPEED)
    batch_size, max_length = task.batch_size, task.max_length
    updates = 2 if small else UPDATES
    settings = TrainSettings(learning_rate=1e-4, updates=updates, batch_size=batch_size, max_length=max_length)
    plan = plan_training(model, task.rows, settings)

    def loss(batch: dict[str, mx.array]) -> mx.array:
        cache = boundaries(plan.packing, batch.get("segments"), plan.layers)
        hidden = plan.model.hidden(batch["ids"], cache)  # (B, T, D)
        states = hidden.reshape(-1, hidden.shape[-1])[batch["positions"]]  # (N, D)
        return chunked_cross_entropy(plan.model.logits, states, batch["targets"], batch["weights"], plan.chunk_size)

    chosen = [batch_rows(len(task.rows), task.batch_size, update, 0) for update in range(updates)]
    batches = [batch for rows in chosen for batch in make_batches([task.rows[i] for i in rows], plan.layout)]
    eager = nn.value_and_grad(model, loss)
    compiled = mx.compile(eager, inputs=[model.state], outputs=[model.state])
    with packed_attention(model, plan.packing):
        before, after = rounds(eager, batches), rounds(compiled, batches)
    return {name: after[name] / before[name] for name in before}


def rounds(value_and_grad: Callable[..., Any], batches: Sequence[Batch]) -> dict[str, float]:
    """The seconds of the first round and of the fastest of the others, and the peak of memory."""
    seconds = []
    mx.clear_cache()
    mx.reset_peak_memory()
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for batch in batches:
            arrays = {name: mx.array(value) for name, value in vars(batch).items() if value is not None}
            mx.eval(value_and_grad(arrays))
        seconds.append(time.perf_counter() - start)
    return {"seconds": min(seconds[1:]), "first_round": seconds[0], "peak_memory": float(mx.get_peak_memory())}


if __name__ == "__main__":
    main()
