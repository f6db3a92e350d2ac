"""Rebuild pocket from nothing: `python -m msm_mlx.pocket.pretrain --out FOLDER`.

The same seed gives the same corpus; training is checkpointed in `--work` and continues there when run again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import click

from msm_mlx.resources.blas import keep_freed_memory, load_openblas, use_one_thread

BLAS = load_openblas()

import mlx.core as mx  # noqa: E402  (the BLAS must be loaded before mlx)
import mlx.nn as nn  # noqa: E402
import mlx.optimizers as optim  # noqa: E402
from mlx.utils import tree_flatten, tree_unflatten  # noqa: E402
from mlx_lm.models.llama import Model, ModelArgs  # noqa: E402
from rich.progress import Progress, TextColumn, TimeRemainingColumn  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402

from msm_mlx.pocket.corpus import CorpusBatch, PretrainingCorpus, build_corpus, vocabulary_texts  # noqa: E402
from msm_mlx.pocket.people import World  # noqa: E402
from msm_mlx.pocket.probes import Probes, run_probes  # noqa: E402
from msm_mlx.pocket.tokenizer import build_tokenizer  # noqa: E402

HIDDEN_RATE = 0.003  # Muon, for the matrices of the blocks
OTHER_RATE = 0.003  # Adam, for the embedding and the norms
WARM_UP = 50  # updates
DECAY_FROM = 0.78  # share of all updates after which the rates fall linearly to zero
START_SHARE = 0.02  # of every stage; its hash is recorded too, so that a test can check the generator cheaply


@dataclass(frozen=True)
class PretrainSettings:
    """What a rebuild may change."""

    seed: int = 0
    batch_tokens: int = 2048
    scale: float = 1.0
    checkpoint_every: int = 250
    """Updates."""


def model_config(vocabulary: int, end: int) -> dict[str, object]:
    """The `config.json` of pocket: a Llama of about one million parameters."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": 128,
        "num_hidden_layers": 4,
        "intermediate_size": 384,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "vocab_size": vocabulary,
        "eos_token_id": end,
        "torch_dtype": "float32",
    }


def new_model(config: dict[str, object], seed: int) -> Model:
    mx.random.seed(seed)
    model = Model(ModelArgs.from_dict(config))
    weights = [
        (name, mx.random.normal(value.shape) * 0.02 if value.ndim == 2 else value)
        for name, value in tree_flatten(model.parameters())
    ]
    model.update(tree_unflatten(weights))
    mx.eval(model.parameters())
    return model


def new_optimizer(updates: int) -> optim.Optimizer:
    """Muon on the hidden matrices, Adam elsewhere; both warm up, hold, and fall to zero."""

    def schedule(rate: float) -> Callable[[mx.array], mx.array]:
        def rate_at(step: mx.array) -> mx.array:
            rise = mx.minimum(1.0, (step + 1) / WARM_UP)
            fall = mx.clip((updates - step) / (updates * (1 - DECAY_FROM)), 0.0, 1.0)
            return rate * rise * fall

        return rate_at

    muon = optim.Muon(schedule(HIDDEN_RATE), weight_decay=0.0)
    adam = optim.Adam(schedule(OTHER_RATE), betas=[0.9, 0.98], bias_correction=True)
    return optim.MultiOptimizer([muon, adam], [lambda name, value: value.ndim == 2 and "embed" not in name])


def loss_fn(model: Model, inputs: mx.array, targets: mx.array, weights: mx.array, rows: mx.array) -> mx.array:
    """Weighted mean cross-entropy. The head runs on the supervised positions `rows` (N,) only."""
    hidden = model.model(inputs)  # (B, T, D)
    hidden = hidden.reshape(-1, hidden.shape[-1])[rows]  # (N, D)
    logits = model.model.embed_tokens.as_linear(hidden)  # (N, V)
    losses = nn.losses.cross_entropy(logits, targets)  # (N,)
    return mx.sum(losses * weights) / mx.sum(weights)


def train_step(model: Model, optimizer: optim.Optimizer, batch: CorpusBatch) -> float:
    rows = batch.weights.reshape(-1).nonzero()[0]
    targets, weights = batch.targets.reshape(-1)[rows], batch.weights.reshape(-1)[rows]
    loss, gradients = nn.value_and_grad(model, loss_fn)(
        model, mx.array(batch.inputs), mx.array(targets), mx.array(weights), mx.array(rows)
    )
    gradients, _ = optim.clip_grad_norm(gradients, 1.0)
    optimizer.update(model, gradients)
    mx.eval(loss, model.parameters(), optimizer.state)
    return float(loss.item())


def save_checkpoint(path: Path, model: Model, optimizer: optim.Optimizer, step: int) -> None:
    state = {f"model.{k}": v for k, v in tree_flatten(model.parameters())}
    state |= {f"optimizer.{k}": v for k, v in tree_flatten(optimizer.state)}
    partial = path.with_suffix(".partial.safetensors")
    mx.save_safetensors(str(partial), state, {"step": str(step)})
    partial.replace(path)


def load_checkpoint(path: Path, model: Model, optimizer: optim.Optimizer) -> int:
    """The number of updates done; 0 if there is no checkpoint."""
    if not path.exists():
        return 0
    state, metadata = cast("tuple[dict[str, mx.array], dict[str, str]]", mx.load(str(path), return_metadata=True))
    for prefix, load in (("model.", model.load_weights), ("optimizer.", lambda s: _set_state(optimizer, s))):
        load([(key.removeprefix(prefix), value) for key, value in state.items() if key.startswith(prefix)])
    return int(metadata["step"])


def _set_state(optimizer: optim.Optimizer, state: list[tuple[str, mx.array]]) -> None:
    optimizer.state = tree_unflatten(state)


def pretrain(
    model: Model,
    corpus: PretrainingCorpus,
    work: Path,
    report: Callable[[int, float], None],
    settings: PretrainSettings,
) -> None:
    """Train through the corpus once, from the last checkpoint in `work` if there is one."""
    optimizer = new_optimizer(len(corpus.batches))
    optimizer.init(model.trainable_parameters())
    checkpoint = work / f"checkpoint-{settings.seed}-{corpus.sha256[:12]}.safetensors"
    start = load_checkpoint(checkpoint, model, optimizer)
    for step in range(start, len(corpus.batches)):
        report(step + 1, train_step(model, optimizer, corpus.batches[step]))
        if (step + 1) % settings.checkpoint_every == 0:
            save_checkpoint(checkpoint, model, optimizer, step + 1)


def save_model(
    out: Path,
    model: Model,
    tokenizer: PreTrainedTokenizerFast,
    config: dict[str, object],
    provenance: dict[str, object],
) -> None:
    """Write a folder that `mlx_lm.load` reads, with `provenance.json` beside the weights."""
    out.mkdir(parents=True, exist_ok=True)
    weights = out / "model.safetensors"
    mx.save_safetensors(str(weights), dict(tree_flatten(model.parameters())), {"format": "mlx"})
    tokenizer.save_pretrained(out)
    provenance = provenance | {"weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    for name, content in (("config.json", config), ("provenance.json", provenance)):
        (out / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


@click.command(help=__doc__)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the finished model.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("pretrain-work"), show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--scale", default=1.0, show_default=True, help="Shrink the corpus, to try things out.")
@click.option("--probe-every", default=500, show_default=True, help="Updates between probes; 0 for none.")
def main(out: Path, work: Path, seed: int, scale: float, probe_every: int) -> None:
    settings = PretrainSettings(seed=seed, scale=scale)
    work.mkdir(parents=True, exist_ok=True)
    click.echo(f"matrix products by {BLAS}", err=True)
    world = World.create(seed)
    tokenizer = build_tokenizer(vocabulary_texts(world, seed))
    corpus = build_corpus(world, tokenizer, seed, settings.batch_tokens, scale)
    config = model_config(len(tokenizer), tokenizer.eos_token_id)
    model = new_model(config, seed)
    use_one_thread(_size(model))
    keep_freed_memory()
    started = time.monotonic()
    with Progress(*Progress.get_default_columns()[:2], TextColumn("{task.fields[loss]}"), TimeRemainingColumn()) as bar:
        task = bar.add_task("updates", total=len(corpus.batches), loss="")

        def report(step: int, loss: float) -> None:
            bar.update(task, completed=step, loss=f"loss {loss:.3f}")
            if probe_every and step % probe_every == 0:
                bar.console.print(step, f"{loss:.3f}", *_readable(run_probes(model, tokenizer, world)))

        pretrain(model, corpus, work, report, settings)
    probes = run_probes(model, tokenizer, world)
    click.echo(f"{time.monotonic() - started:.0f} s; {' '.join(_readable(probes))}", err=True)
    provenance: dict[str, object] = {
        "seed": seed,
        "corpus_sha256": corpus.sha256,
        "corpus_tokens": corpus.tokens,
        "corpus_start_sha256": build_corpus(world, tokenizer, seed, settings.batch_tokens, START_SHARE).sha256,
        "updates": len(corpus.batches),
        "parameters": _size(model),
        "probes": asdict(probes),
        "rebuild": f"python -m msm_mlx.pocket.pretrain --out FOLDER --seed {seed}",
    }
    save_model(out, model, tokenizer, config, provenance)


def _size(model: Model) -> int:
    return sum(int(value.size) for _, value in tree_flatten(model.parameters()))


def _readable(probes: Probes) -> list[str]:
    return [f"{name}={value:.2f}" for name, value in asdict(probes).items()]


if __name__ == "__main__":
    main()
