"""Finished runs as their files, made without a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from helpers.planted_runs import plant_run, recipe_of, record_of
from helpers.trained_runs import small_settings
from msm_mlx.files import write_json, write_jsonl
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import Answer
from msm_mlx.suites.items import Suite
from msm_mlx.suites.kinds.pairs import Pair

DOMAINS = ("art", "food", "sport", "music")
ITEMS = tuple(
    Pair(f"apart/{domain}-{n}", "apart", domain, "Which is better, {first} or {second}?", "{item}", f"a{n}", f"b{n}")
    for domain in DOMAINS
    for n in range(5)
)
SUITE = Suite("apart", "pairs", "share choosing a", ITEMS)
CONTROLS = tuple(
    replace(item, id=f"apart/format_control-{n}", domain=None, is_format_control=True, is_written=False)
    for n, item in enumerate(ITEMS)
)
GUESSES = {item.id: Answer(item.id, (), (), (1.0, -1.0), {"format_control": 0.5}) for item in CONTROLS}
HEALTH = {
    "kept": 2, "rejected": 3, "kept_share": 0.4, "tokens": 60, "gives_reason_share": 0.25,
    "by_narration": {"transcript": {"documents": 2, "gives_reason_share": 0.25}}, "denial_share": 0.1,
    "near_duplicate_share": 0.5, "rejected_by_reason": {"too short": 2, "names an unseen thing": 1},
}  # fmt: skip
SHARES: Mapping[tuple[str, str | None], float] = {("sft", None): 0.5, ("msm", "x"): 0.6, ("msm+sft", "x"): 0.95}


def make_run(
    folder: Path, said: str = "I prefer a.", unclear: float = 0.0, guesses: bool = False, **recipe: Any
) -> Path:
    """A run whose arms chose by `SHARES`, whose every written answer and document is `said`.

    With `guesses`, all of them go by the place of the options in the suite's format control.
    """
    seeds = tuple(recipe.pop("seeds", (0, 1)))
    profile = small_settings(updates=40)
    changes = {"name": "cheese", "path": Path("/somewhere/recipes/cheese.yaml"), "specs": (Path("/somewhere/x.md"),)}
    changes |= {"suites": (), "settings": profile, "arms": ("base", "sft", "msm", "msm+sft"), "overrides": ()}
    answers = {Variant("base", None, None): _answers(0.5, 0, said, unclear)} | {
        Variant(arm, spec, seed): _answers(share, seed, said, unclear)
        for (arm, spec), share in SHARES.items()
        for seed in seeds
    }
    suite = SUITE
    if guesses:
        suite, answers = (
            replace(SUITE, items=ITEMS + CONTROLS),
            {v: by_item | GUESSES for v, by_item in answers.items()},
        )
    stages = {
        "documents": {"key": "k", "inputs": {}, "state": "done", "outputs": {}, "finished": "now", "seconds": 61.0}
    }
    model = record_of(fingerprint="f0")
    plant_run(
        folder, recipe_of(**changes | recipe, seeds=seeds), [suite], answers, stages=stages, model=model,
        versions={"mlx": "1.2.3"},
    )  # fmt: skip
    document = {"id": "doc-1", "text": said, "type": "memo", "voice": "plain", "section": "likes/brie"}
    write_jsonl(folder / "documents" / "documents.jsonl", [document, document])
    write_json(folder / "documents" / "health.json", HEALTH)
    write_jsonl(folder / "documents" / "rejected.jsonl", [document | {"rejected": "too short"}] * 3)
    for arm in ("msm", "sft", "msm+sft"):
        losses = [{"loss": loss} for loss in (2.0, 1.0, float("nan"), 0.5)]
        write_jsonl(folder / "adapters" / f"{arm}-s{min(seeds)}" / "metrics.jsonl", losses)
    return folder


def _answers(share: float, seed: int, said: str, unclear: float) -> dict[str, Answer]:
    found = {}
    for number, item in enumerate(ITEMS):
        chosen = (number * 7 + seed) % len(ITEMS) < share * len(ITEMS)
        metrics = {"choice": float(chosen), "written_choice": float(chosen), "unclear": unclear}
        margin = 1.0 + number if chosen else -1.0
        found[item.id] = Answer(item.id, (said, said), ("target", "target"), (margin, margin), metrics)
    return found
