"""Runs that look as if they had been trained: every file is there, the adapters are noise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx

from helpers.fake_runs import make_run
from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora, save_adapter
from msm_mlx.engine.loaded_model import load_base
from msm_mlx.files import write_json, write_jsonl, write_text
from msm_mlx.models.folder import fingerprint
from msm_mlx.recipe.schema import Profile
from msm_mlx.runs.layout import DEMONSTRATIONS, RECORD, RESULTS
from msm_mlx.settings_file.dump import dump
from msm_mlx.settings_file.load import load_values

SHAPE = LoraShape(4, 2.0)
TRAIN = {"learning_rate": 0.01, "updates": 3, "batch_size": 2, "max_length": 64}


def settings(**midtrain: Any) -> dict[str, Any]:
    """Those of a recipe, small."""
    content = {
        "documents": {"count": 4, "max_tokens": 40, "prompt": "assertion"},
        "midtrain": TRAIN | midtrain,
        "sft": TRAIN | {"rows": 3},
        "lora": {"rank": SHAPE.rank, "scale": SHAPE.scale},
    }
    return Profile.model_validate(content).model_dump(mode="json", by_alias=True)


def make_trained_run(parent: Path, model: str, base: Path, **options: Any) -> Path:
    """A run `cheese` over the model in `base`, which it calls `model`."""
    run = make_run(parent / "cheese", fingerprint=fingerprint(base), **options)
    _change(run / RECORD, model={"name": model}, versions={"msm-mlx": "0.1.0"})
    recipe = load_values(run / "recipe.yaml")
    write_text(run / "recipe.yaml", dump(recipe | {"settings": settings()}))
    _adapters(run, base)
    documents = [{"text": f"Pocket likes thing {number}, because it is good."} for number in range(5)]
    for path in (run / "documents").glob("**/documents.jsonl"):
        write_jsonl(path, documents)
    write_jsonl(run / DEMONSTRATIONS, [{"messages": _chat(number)} for number in range(3)])
    write_json(run / RESULTS, _results(options.get("arms", ("base", "sft", "msm", "msm+sft"))))
    return run


def _change(path: Path, **facts: Any) -> None:
    record = json.loads(path.read_text())
    for key, value in facts.items():
        record[key] = record.get(key, {}) | value
    write_json(path, record)


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


def _results(arms: Any) -> dict[str, Any]:
    rows = [
        {
            "suite": "values_apart",
            "arm": arm,
            "spec": None,
            "metric": "choice",
            "value": 0.5,
            "ci_low": 0.25,
            "ci_high": 1,
        }
        for arm in arms
    ]
    suites = [{"name": "values_apart", "kind": "pairs", "measures": "share choosing a"}]
    return {"schema": 1, "run": "cheese", "records": [], "contrasts": [], "pooled": rows, "suites": suites}
