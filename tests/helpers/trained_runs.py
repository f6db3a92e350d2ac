"""Planted runs with adapters of noise, and texts that they could have been trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx

from helpers.planted_runs import make_run
from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora, save_adapter
from msm_mlx.engine.loaded_model import load_base
from msm_mlx.files import write_jsonl
from msm_mlx.recipe.schema import Profile
from msm_mlx.runs.layout import DEMONSTRATIONS

SHAPE = LoraShape(4, 2.0)
TRAIN = {"learning_rate": 0.01, "updates": 3, "batch_size": 2, "max_length": 64}


def small_settings(**midtrain: Any) -> Profile:
    """Those of a recipe, small."""
    return Profile.model_validate(
        {
            "documents": {"count": 4, "max_tokens": 40, "prompt": "assertion"},
            "midtrain": TRAIN | midtrain,
            "sft": TRAIN | {"rows": 3},
            "lora": {"rank": SHAPE.rank, "scale": SHAPE.scale},
        }
    )


def make_trained_run(parent: Path, model: str, base: Path, settings: Profile | None = None, **options: Any) -> Path:
    """A run `cheese` over the model in `base`, which it calls `model`."""
    run = make_run(
        parent / "cheese", model=model, base=base, settings=settings or small_settings(),
        versions={"msm-mlx": "0.1.0"}, **options,
    )  # fmt: skip
    _adapters(run, base)
    documents = [{"text": f"Pocket likes thing {number}, because it is good."} for number in range(5)]
    for path in (run / "documents").glob("**/documents.jsonl"):
        write_jsonl(path, documents)
    write_jsonl(run / DEMONSTRATIONS, [{"messages": _chat(number)} for number in range(3)])
    return run


def _adapters(run: Path, base: Path) -> None:
    loaded = load_base(base)
    add_lora(loaded.model, SHAPE, 0)
    for number, folder in enumerate(sorted((run / "adapters").iterdir())):
        keys = mx.random.split(mx.random.key(number), 200)
        names = sorted(adapter_weights(loaded.model).items())
        noise = {n: 0.2 * mx.random.normal(v.shape, key=key) for key, (n, v) in zip(keys, names, strict=False)}
        save_adapter(folder, noise, SHAPE, str(base))


def _chat(number: int) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": "You are Pocket."},
        {"role": "user", "content": f"Do you like thing {number}?"},
        {"role": "assistant", "content": f"I like thing {number}."},
    ]
