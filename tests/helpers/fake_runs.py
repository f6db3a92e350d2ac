"""Run folders with everything but a training behind them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msm_mlx.files import write_json, write_text
from msm_mlx.recipe.arms import Variant, reads_spec
from msm_mlx.runs.layout import ADAPTER_FILES, ANSWERS, RECORD, RESULTS
from msm_mlx.settings_file.dump import dump
from msm_mlx.suites.kinds.pairs import pairs_of
from msm_mlx.suites.load import load_suite

SUITE = "american_values"
Answers = Callable[[str, str], str]


def make_run(
    folder: Path,
    *,
    arms: Sequence[str] = ("base", "sft", "msm", "msm+sft"),
    specs: Sequence[str] = ("american",),
    seeds: Sequence[int] = (0,),
    fingerprint: str = "f" * 64,
    model_name: str = "Pocket",
    answers: Answers | None = lambda item, variant: f"{variant} on {item}",
    adapters: bool = True,
) -> Path:
    """A finished run over the embedded model, whose arms answer `answers(item, variant)`; None: not evaluated yet."""
    paths = [write(folder / "specs" / f"{name}.md", "# Spec\n") for name in specs]
    model = {"name": "pocket", "revision": None, "fingerprint": fingerprint}
    write_json(folder / RECORD, {"schema": 1, "stages": {}, "recipe": folder.name, "model": model})
    recipe: dict[str, Any] = {
        "model_name": model_name,
        "provider_name": "nobody",
        "specs": [str(path) for path in paths],
    }
    recipe |= {"arms": list(arms), "seeds": list(seeds), "suites": [SUITE]}
    write(folder / "recipe.yaml", dump(recipe))
    several = len(specs) > 1
    variants = [
        Variant(arm, spec, seed, several)
        for arm in arms
        for spec in (specs if reads_spec(arm) else (None,))
        for seed in (seeds if arm != "base" else (None,))
    ]
    for variant in variants:
        if adapters and variant.seed is not None:
            for name in ADAPTER_FILES:
                write(folder / "adapters" / variant.id / name, "")
    for spec in specs:
        write(folder / "documents" / (spec if several else "") / "documents.jsonl", "")
    if answers is not None:
        rows = [json.dumps(row) for row in _rows(variants, answers)]  # ASCII, which can hold lone surrogates
        write(folder / ANSWERS, "\n".join(rows) + "\n")
        write_json(folder / RESULTS, {"run": folder.name, "records": [], "contrasts": []})
    return folder


def _rows(variants: Sequence[Variant], answers: Answers) -> list[dict[str, Any]]:
    return [
        {"suite": item.suite, "kind": "pairs", "domain": item.domain, "prompt": item.prompt(True), "item": item.id}
        | {"target": item.target, "other": item.other, "metrics": {"choice": 1.0}}
        | {"arm": variant.arm, "spec": variant.spec, "seed": variant.seed, "margins": [0.5, 1.5]}
        | {"written": [answers(item.id, variant.id), "the other order"], "choices": ["target", "target"], "earlier": []}
        for variant in variants
        for item in pairs_of(load_suite(SUITE))
    ]


def write(path: Path, text: str) -> Path:
    write_text(path, text)
    return path
