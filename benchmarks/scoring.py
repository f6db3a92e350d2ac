"""How fast forced choices are scored for four arms: all together, against one continuation at a time with mlx-lm.

    python benchmarks/scoring.py [--json] [--small]

The items are the embedded model's own, asked in both orders; the arms are its base and three random adapters of rank
16. mlx-lm's way is `MLXLM.loglikelihood`, the function behind `mlx_lm.evaluate`, asked for one continuation each time.
It is timed on every few items, evenly spread, and a little at a time between ours, so that the machine's other work
weighs on both alike. Its time includes its own tokenising; ours includes rendering the chats.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import click
from rich.console import Console

from msm_mlx.resources.blas import load_openblas

BLAS = load_openblas()

import mlx.core as mx  # noqa: E402  (the BLAS must be there first)
import mlx_lm  # noqa: E402
from mlx.utils import tree_flatten  # noqa: E402

import msm_mlx  # noqa: E402
from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora, save_adapter  # noqa: E402
from msm_mlx.engine.loaded_model import load_base  # noqa: E402
from msm_mlx.engine.multi_adapter import Variants, load_variants  # noqa: E402
from msm_mlx.prompting.prompts import Message, opening_chat  # noqa: E402
from msm_mlx.suites.kinds.pairs import Pair, pairs_of  # noqa: E402
from msm_mlx.suites.load import load_suite  # noqa: E402

WEIGHTS = Path(msm_mlx.__file__).parent / "pocket" / "weights"
SUITES = ("values_apart", "american_values", "affordable_values", "tradition_values")
ARMS = ("base", "sft", "msm", "msm+sft")
SHAPE = LoraShape(16, 2.0)
BAR = 4.0
PARTS = 5  # turns that both take

Chat = tuple[list[Message], str]
Scores = dict[str, list[float]]


@dataclass(frozen=True)
class Timed:
    """Seconds for one item under all arms, and the largest difference of a score."""

    ours: float
    peer: float
    apart: float


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--small", is_flag=True, help="A few items, to see that the benchmark works; its ratio means little.")
def main(as_json: bool, small: bool) -> None:
    """Measure the scoring of 300 forced-choice items for four arms."""
    items, every = (10, 5) if small else (300, 6)
    figures = measure(items, every)
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    console = Console()
    console.print(
        f"{items} forced-choice items, both orders, {len(ARMS)} arms, {figures['parameters'] / 1e6:.1f}M parameters"
    )
    console.print(f"speed {figures['ratios']['speed']:.1f}, bar: at least {BAR:.0f}")
    console.print(f"largest difference of a score {figures['largest_difference']:.1e} nats, bar: at most 1e-5 of it")


def measure(
    items: int, every: int, model: Path = WEIGHTS, arms: Sequence[str] = ARMS, tolerance: float = 1e-5
) -> dict[str, Any]:
    """All figures. The peer scores one of `every` items. Fails if the scores differ by more than `tolerance`.

    arms: the first is the base, and each of the others has a random adapter.
    """
    chats = [_chats(pair) for pair in _pairs(items)]
    with TemporaryDirectory() as root:
        folders: dict[str, Path | None] = {
            arm: _adapter(Path(root) / arm, at, model) if at else None for at, arm in enumerate(arms)
        }
        variants = load_variants(load_base(model), folders)
        peers = {arm: _peer(folder, model) for arm, folder in folders.items()}
        timed = _time(variants, peers, chats, every)
    if timed.apart > tolerance:
        raise click.ClickException(f"the scores differ by {timed.apart:.1e} of their size")
    return {
        "ratios": {"speed": timed.peer / timed.ours},
        "items": len(chats),
        "replies": sum(map(len, chats)),
        "items_of_the_peer": -(-len(chats) // every),
        "arms": len(arms),
        "parameters": sum(v.size for _, v in tree_flatten(variants.loaded.model.parameters()) if v.ndim < 3),
        "seconds_for_an_item": {"msm_mlx": timed.ours, "mlx_lm": timed.peer},
        "largest_difference": timed.apart,
        "blas": BLAS,
        "device": str(mx.default_device()),
    }


def _pairs(count: int) -> list[Pair]:
    found = [pair for name in SUITES for pair in pairs_of(load_suite(name))]
    crossed = [replace(a, other=b.other) for a, b in pairwise(found) if a.domain == b.domain]
    return list({(pair.question, pair.target, pair.other): pair for pair in (*found, *crossed)}.values())[:count]


def _chats(pair: Pair) -> list[Chat]:
    """Both replies after each order."""
    return [(opening_chat("Pocket", prompt), reply) for prompt in pair.prompts() for reply in pair.options()]


def _adapter(folder: Path, seed: int, model: Path) -> Path:
    """A random adapter, as strong as a trained one."""
    loaded = load_base(model)
    add_lora(loaded.model, SHAPE, seed)
    pairs = sorted(adapter_weights(loaded.model).items())
    keys = mx.random.split(mx.random.key(seed), len(pairs))
    weights = {n: mx.random.normal(v.shape, key=key) * 0.1 for key, (n, v) in zip(keys, pairs, strict=True)}
    save_adapter(folder, weights, SHAPE, model.name)
    return folder


def _peer(folder: Path | None, model: Path) -> Callable[[Chat], float]:
    """mlx-lm's own log-likelihood of one reply, with the end of its turn."""
    evaluator = _evaluator().MLXLM
    peer = evaluator.__new__(evaluator)
    peer._model, peer.tokenizer = mlx_lm.load(str(model), adapter_path=None if folder is None else str(folder))
    peer._max_tokens, peer.use_chat_template = None, True

    def score(chat: Chat) -> float:
        messages, reply = chat
        render = peer.tokenizer.apply_chat_template
        context = render(messages, add_generation_prompt=True, tokenize=False)
        whole = render([*messages, {"role": "assistant", "content": reply}], tokenize=False)
        return float(peer.loglikelihood([_Request((context, whole[len(context) :]))])[0][0])

    return score


@dataclass(frozen=True)
class _Request:
    args: tuple[str, str]


def _evaluator() -> Any:
    """mlx_lm.evaluate, whose scoring needs nothing of lm-eval but a class to inherit from."""
    try:
        importlib.import_module("lm_eval")
    except ImportError:
        for name in ("lm_eval", "lm_eval.api", "lm_eval.api.model", "lm_eval.api.registry"):
            stand_in: Any = sys.modules.setdefault(name, ModuleType(name))
            stand_in.LM = object
            stand_in.register_model = lambda name: lambda model: model
    module: Any = importlib.import_module("mlx_lm.evaluate")
    module.tqdm = lambda entries, total: entries  # a bar for each continuation would be timed too
    return module


def _time(
    variants: Variants, peers: dict[str, Callable[[Chat], float]], chats: Sequence[Sequence[Chat]], every: int
) -> Timed:
    """Both in turns: ours on a part of the items, then the peer on some of that part."""
    arms = list(peers)
    for arm in arms:
        peers[arm](chats[0][0])  # the first use of a model costs more
    variants.score(chats[0], arms)
    ours = peer = apart = 0.0
    asked_of_peer = 0
    step = -(-len(chats) // PARTS)
    for start in range(0, len(chats), step):
        part = chats[start : start + step]
        began = time.perf_counter()
        found = variants.score([chat for item in part for chat in item], arms)
        ours += time.perf_counter() - began
        for at in range(0, len(part), every):
            began = time.perf_counter()
            expected = {arm: [peers[arm](chat) for chat in part[at]] for arm in arms}
            peer += time.perf_counter() - began
            asked_of_peer += 1
            apart = max(apart, _apart(expected, {arm: found[arm][4 * at : 4 * at + 4] for arm in arms}))
    return Timed(ours / len(chats), peer / asked_of_peer, apart)


def _apart(a: Scores, b: Scores) -> float:
    """The largest difference, relative to the larger of 1 and the score."""
    return max(abs(x - y) / max(1.0, abs(x)) for arm in a for x, y in zip(a[arm], b[arm], strict=True))


if __name__ == "__main__":
    main()
