"""Training that is killed again and again ends in the same adapter as training that is left alone.

    python benchmarks/training_kills.py [--kills 30] [--updates 60] [--seed 0] [--small]

`msm-mlx midtrain cheese_american` is stopped with SIGKILL at random moments and begun again, from nothing whenever it
has ended, until it has been killed as often as asked; then it is let finish. Prints JSON: the kills, whether adapter
and metrics were the undisturbed job's every time that it ended (metrics but for times and memory, which are measured),
and what share of the time of training checkpoints take with the recipe's own settings. Exits with 1 if anything
differs.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import mlx.optimizers as optim
from kills import kill
from training import SHAPE, pocket_task

from msm_mlx.engine.adapters import add_lora
from msm_mlx.engine.loaded_model import load_base
from msm_mlx.files import read_jsonl
from msm_mlx.models.folder import POCKET_FOLDER
from msm_mlx.recipe.load import load_recipe
from msm_mlx.recipe.shipped import shipped_recipes
from msm_mlx.suites.load import SUITES
from msm_mlx.training.checkpoint import Progress, save_checkpoint
from msm_mlx.training.metrics import Update
from msm_mlx.training.trainer import TrainingCallbacks, train

RECIPE = "cheese_american"
ADAPTER, METRICS = "adapters.safetensors", "metrics.jsonl"
LONGEST = 0.7  # of the time of the undisturbed job, that one life lasts


@click.command(help=__doc__)
@click.option("--kills", default=30, show_default=True)
@click.option("--updates", default=60, show_default=True)
@click.option("--seed", default=0, show_default=True, help="Decides when to kill.")
@click.option("--small", is_flag=True, help="Few documents, to see that the benchmark works; its share means nothing.")
def main(kills: int, updates: int, seed: int, small: bool) -> None:
    with tempfile.TemporaryDirectory() as home:
        written, whole, killed = (Path(home) / name / "run" for name in ("written", "whole", "killed"))
        subprocess.run(job("documents", written, updates, small), check=True)
        shutil.copytree(written, whole)
        started = time.monotonic()
        subprocess.run(job("midtrain", whole, updates, small), check=True)
        seconds = time.monotonic() - started
        rng, done, same = random.Random(seed), 0, list[bool]()
        while done < kills:
            shutil.rmtree(killed, ignore_errors=True)
            shutil.copytree(written, killed)
            command = job("midtrain", killed, updates, small)
            done += kill(command, kills - done, LONGEST * seconds, rng)
            subprocess.run(command, check=True)
            same.append(outcome(killed) == outcome(whole))
    figures = {"kills": done, "seconds_undisturbed": seconds, "ended_the_same": same}
    print(json.dumps(figures | {"share_of_checkpoints": share_of_checkpoints(small)}, indent=2))
    if not all(same):
        sys.exit(1)


def job(stage: str, run: Path, updates: int, small: bool) -> list[str]:
    settings = ["--set", f"documents.count={8 if small else 64}", "--set", f"midtrain.updates={updates}"]
    settings += ["--set", "midtrain.checkpoint_every=3", "--seed", "0"]
    settings += ["--set", "midtrain.batch_size=4"] if small else []
    start = "from msm_mlx.cli.main import main; main()"
    return [sys.executable, "-c", start, stage, RECIPE, *settings, "--run-dir", str(run), "--quiet"]


def outcome(run: Path) -> tuple[bytes, list[dict[str, Any]]]:
    """The adapter's bytes, and the metrics without what a clock or mlx's allocator measured."""
    folder = run / "adapters" / "msm-s0"
    rows = [
        {name: value for name, value in row.items() if "second" not in name and "memory" not in name}
        for row in read_jsonl(folder / METRICS)
    ]
    return (folder / ADAPTER).read_bytes(), rows


def share_of_checkpoints(small: bool) -> float:
    """Of the time of training the embedded model with the recipe's own settings."""
    settings = load_recipe(shipped_recipes()[RECIPE], known_suites=SUITES).settings.midtrain
    loaded, task, updates = load_base(POCKET_FOLDER), pocket_task(small), list[Update]()
    add_lora(loaded.model, SHAPE, 0)
    short = settings.model_copy(update={"updates": 4 if small else 12, "checkpoint_every": 10**6})
    train(loaded.model, task.rows, short, seed=0, checkpoint=Path("none"), callbacks=TrainingCallbacks(updates.append))
    update = sum(update.seconds for update in updates[2:]) / len(updates[2:])
    optimizer = optim.AdamW(learning_rate=1e-4)
    optimizer.init(loaded.model.trainable_parameters())
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        for number in range(5):
            save_checkpoint(Path(folder) / "state.safetensors", loaded.model, optimizer, Progress(number))
        save = (time.monotonic() - started) / 5
    return save / (save + settings.checkpoint_every * update)


if __name__ == "__main__":
    main()
