"""A real language model against mlx_lm and against the limit: training, writing, scoring, and several variants.

    python benchmarks/real_model.py --model FOLDER [--json] [--quick]

Every figure is a ratio within this process, of turns that alternate, so that the machine's other work weighs on both
sides alike; the spread of the turns is printed beside it. Training takes the documents of
`recipes/data/corpora/cheese_american.jsonl`, whole, and the batch size, learning rate and rank of the small profile.
The limit is the time of the matrix products alone, in fp32 and the same shapes.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from msm_mlx.resources.blas import load_openblas

BLAS = load_openblas()

import mlx.core as mx  # noqa: E402  (the BLAS must be there first)
import scoring  # noqa: E402
import variants  # noqa: E402
from matrix_products import flops, reading_products, seconds_of, training_products, writing_products  # noqa: E402
from trainers import Task, TimedUpdate, peer_updates  # noqa: E402
from writing import Endless, endless, write_batched, write_ours  # noqa: E402

from msm_mlx.engine.adapters import LoraShape, add_lora  # noqa: E402
from msm_mlx.engine.limits import bounded_memory  # noqa: E402
from msm_mlx.engine.loaded_model import LoadedModel, load_base  # noqa: E402
from msm_mlx.engine.multi_adapter import Variants  # noqa: E402
from msm_mlx.engine.multi_lora import stack_adapters  # noqa: E402
from msm_mlx.files import read_jsonl, write_jsonl  # noqa: E402
from msm_mlx.recipe.schema import MidtrainSettings  # noqa: E402
from msm_mlx.runs.layout import DOCUMENTS  # noqa: E402
from msm_mlx.training.metrics import Update  # noqa: E402
from msm_mlx.training.tokenize import TokenRow, document_rows  # noqa: E402
from msm_mlx.worker.job import TrainingJob  # noqa: E402
from msm_mlx.worker.supervisor import ModelProcess  # noqa: E402

CORPUS = Path(__file__).parent.parent / "recipes" / "data" / "corpora" / "cheese_american.jsonl"
SHAPE = LoraShape(32, 2.0)
BATCH_SIZE, LEARNING_RATE = 4, 5e-4  # with the rank, those of the small profile in recipes/cheese_american.yaml
MAX_LENGTH = 512  # no document of the corpus is longer
TURN, COUNTED = 6, 3  # updates of a turn, and how many of them are counted, the last
QUICK_TURN, QUICK_COUNTED = 3, 1
WRITERS, OPENING = 32, 40  # documents that are written, and the tokens that each goes on from
ARMS = ("base", "sft", "msm", "msm+sft", "control+sft", "msm+it")
REPLIES = 132
BARS = {
    "training": "at least 1.5",
    "training_of_limit": "aimed at 0.5",
    "writing": "",
    "writing_of_limit": "aimed at 0.5",
    "scoring": "at least 4",
    "variants": "at least 2",
}
Figures = dict[str, Any]


@click.command()
@click.option(
    "--model", "folder", default="smollm2", show_default=True, type=click.Path(path_type=Path, exists=True),
    help="The model's folder.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--quick", is_flag=True, help="Few turns: to see that it works, or for a rough figure.")
@click.option("--only", multiple=True, type=click.Choice(["training", "writing", "scoring", "variants"]))
def main(folder: Path, as_json: bool, quick: bool, only: tuple[str, ...]) -> None:
    """Measure a real model."""
    parts: dict[str, Callable[[Path, bool], Figures]] = {
        "training": measure_training,
        "writing": measure_writing,
        "scoring": measure_scoring,
        "variants": measure_variants,
    }
    each: dict[str, Figures] = {}
    for name in only or parts:
        with bounded_memory():
            each[name] = parts[name](folder, quick)
        gc.collect()
    ratios = {name: value for figures in each.values() for name, value in figures.pop("ratios").items()}
    figures = {"ratios": ratios, **each, "model": folder.name, "blas": BLAS, "device": str(mx.default_device())}
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    table = Table(title=folder.name)
    for column in ("ratio", "measured", "bar"):
        table.add_column(column)
    for name, value in ratios.items():
        table.add_row(name, f"{value:.2f}", BARS[name])
    Console().print(table)


def measure_training(folder: Path, quick: bool) -> Figures:
    """In each turn the products of an update, then updates of ours and of mlx_lm's, of which the last are counted.

    Ours are computed by the model process, as in a run. The first of a turn are not counted: they find the memory as
    the other side has left it, and that is no part of an update.
    """
    theirs, plain = _trainable(folder), load_base(folder)
    rows = corpus_rows(plain)
    lengths = [len(row.ids) - 1 for row in rows]
    tokens = BATCH_SIZE * sum(lengths) // len(lengths)
    products = training_products(plain.model, tokens, round(sum(lengths) / len(lengths)), SHAPE.rank)
    turns, turn, counted = (1, QUICK_TURN, QUICK_COUNTED) if quick else (3, TURN, COUNTED)
    task = Task(rows, BATCH_SIZE, MAX_LENGTH, turns * turn - 1, LEARNING_RATE)  # and a first one
    ours: list[TimedUpdate] = []
    limits: list[float] = []
    asked = count()
    with TemporaryDirectory() as place, ModelProcess(lambda line: None) as process:
        write_jsonl(Path(place) / DOCUMENTS, [{"text": text} for text in corpus_texts()])

        def before_theirs() -> None:
            if next(asked) % turn == 0:
                limits.append(seconds_of(products))
                ours.extend(_our_updates(process, folder, Path(place), turn, seed=len(ours)))

        all_of_theirs = peer_updates(theirs.model, task, before_theirs)
    our_rates, their_rates = (
        [one.useful / one.seconds for number, one in enumerate(updates) if number % turn >= turn - counted]
        for updates in (ours, all_of_theirs)
    )
    limit_rates = [tokens / seconds for seconds in limits]
    return {
        "ratios": {
            "training": median(our_rates) / median(their_rates),
            "training_of_limit": median(our_rates) / median(limit_rates),
        },
        "useful_tokens_per_second": {
            "msm_mlx": spread(our_rates), "mlx_lm": spread(their_rates), "limit": spread(limit_rates),
        },
        "gigaflops_per_token": flops(products.items()) / tokens / 1e9,
        "batch_size": BATCH_SIZE,
        "rank": SHAPE.rank,
    }  # fmt: skip


def _our_updates(process: ModelProcess, model: Path, place: Path, turn: int, seed: int) -> list[TimedUpdate]:
    """Those of one turn, on the documents in `place`, which adapters are written to."""
    settings = MidtrainSettings(
        learning_rate=LEARNING_RATE, updates=turn, batch_size=BATCH_SIZE, max_length=MAX_LENGTH, checkpoint_every=10**6
    )
    job = TrainingJob(
        method="midtrain",
        model=str(model),
        base=model.name,
        data=str(place / DOCUMENTS),
        settings=settings.model_dump(mode="json"),
        rank=SHAPE.rank,
        scale=SHAPE.scale,
        seed=seed,
        folder=str(place / str(seed)),
        start=None,
    )
    updates: list[Update] = []
    process.train(job, updates.append)
    return [TimedUpdate(update.supervised_tokens, update.seconds) for update in updates]


def measure_writing(folder: Path, quick: bool) -> Figures:
    """32 documents side by side, each from an opening of its own."""
    loaded = load_base(folder)
    writer = endless(loaded)
    tokens = 16 if quick else 96
    prompts = [list(row.ids[:OPENING]) for row in corpus_rows(loaded)[:WRITERS]]
    reading, step = reading_products(loaded.model, WRITERS * OPENING), writing_products(loaded.model, WRITERS)
    write_ours(writer, prompts[:2], 2), write_batched(writer, prompts[:2], 2)
    rates: dict[str, list[float]] = {"msm_mlx": [], "mlx_lm": [], "limit": []}
    for _ in range(1 if quick else 3):
        seconds = {
            "limit": seconds_of(reading) + tokens * seconds_of(step),
            "msm_mlx": _timed(write_ours, writer, prompts, tokens),
            "mlx_lm": _timed(write_batched, writer, prompts, tokens),
        }
        for name, value in seconds.items():
            rates[name].append(WRITERS * tokens / value)
    ours, theirs, limit = (median(rates[name]) for name in ("msm_mlx", "mlx_lm", "limit"))
    return {
        "ratios": {"writing": ours / theirs, "writing_of_limit": ours / limit},
        "tokens_per_second": {name: spread(values) for name, values in rates.items()},
        "documents": WRITERS,
        "tokens": tokens,
    }


def measure_scoring(folder: Path, quick: bool) -> Figures:
    """132 replies, to both orders of 33 questions, by six arms; mlx_lm's scorer takes a sample of them."""
    return _renamed(scoring.measure(4 if quick else REPLIES // 4, 6, folder, ARMS, tolerance=1e-4), speed="scoring")


def measure_variants(folder: Path, quick: bool) -> Figures:
    """Four variants that write side by side, against one after another."""
    loaded = load_base(folder)
    labels = variants.LABELS
    rows = stack_adapters(loaded.model, [variants.random_adapter(loaded.model, label) for label in labels])
    stacked = Variants(loaded, rows, {label: i for i, label in enumerate(labels)})
    together, alone = variants.decode_speeds(stacked, 4 if quick else 24)
    return {
        "ratios": {"variants": alone / together},
        "seconds_for_a_token_of_each": {"together": together, "one_after_another": alone},
    }


def corpus_texts() -> list[str]:
    """Its documents, with the assistant called SmolLM."""
    return [record["text"].replace("{model_name}", "SmolLM") for record in read_jsonl(CORPUS)]


def corpus_rows(loaded: LoadedModel) -> list[TokenRow]:
    """Its documents as rows of tokens."""
    return document_rows(loaded, corpus_texts(), MAX_LENGTH)


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and most."""
    return {"median": median(values), "least": min(values), "most": max(values)}


def _trainable(folder: Path) -> LoadedModel:
    loaded = load_base(folder)
    add_lora(loaded.model, SHAPE, 0)
    return loaded


def _timed(write: Callable[..., int], writer: Endless, prompts: list[list[int]], tokens: int) -> float:
    began = time.perf_counter()
    write(writer, prompts, tokens)
    return time.perf_counter() - began


def _renamed(figures: Figures, **names: str) -> Figures:
    """With other names of the ratios."""
    return figures | {"ratios": {names[name]: value for name, value in figures["ratios"].items()}}


if __name__ == "__main__":
    main()
