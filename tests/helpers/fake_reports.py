"""Finished runs as their files, made without a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msm_mlx.evaluation.results import answer_rows, build_results
from msm_mlx.files import write_json, write_jsonl, write_text
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import Answer
from msm_mlx.settings_file.dump import dump
from msm_mlx.suites.items import Suite
from msm_mlx.suites.kinds.pairs import Pair

DOMAINS = ("art", "food", "sport", "music")
ITEMS = tuple(
    Pair(f"apart/{domain}-{n}", "apart", domain, "Which is better, {first} or {second}?", "{item}", f"a{n}", f"b{n}")
    for domain in DOMAINS
    for n in range(5)
)
SUITE = Suite("apart", "pairs", "share choosing a", ITEMS)
HEALTH = {
    "kept": 2, "rejected": 3, "kept_share": 0.4, "tokens": 60, "gives_reason_share": 0.25,
    "near_duplicate_share": 0.5, "rejected_by_reason": {"too short": 2, "names an unseen thing": 1},
}  # fmt: skip
SHARES: Mapping[tuple[str, str | None], float] = {("sft", None): 0.5, ("msm", "x"): 0.6, ("msm+sft", "x"): 0.95}


def make_run(folder: Path, said: str = "I prefer a.", unclear: float = 0.0, **recipe: Any) -> Path:
    """A run whose arms chose by `SHARES`, whose every written answer and document is `said`."""
    settings = {"midtrain": {"updates": 40}}
    content = {
        "name": "cheese", "path": "/somewhere/recipes/cheese.yaml", "specs": ["/somewhere/x.md"], "model": "pocket",
        "model_name": "Pocket", "profile": "pocket", "seeds": [0, 1], "overrides": [], "settings": settings,
        "arms": ["base", "sft", "msm", "msm+sft"],
    } | recipe  # fmt: skip
    seeds = content["seeds"]
    answers = {Variant("base", None, None): _answers(0.5, 0, said, unclear)} | {
        Variant(arm, spec, seed): _answers(share, seed, said, unclear)
        for (arm, spec), share in SHARES.items()
        for seed in seeds
    }
    write_text(folder / "recipe.yaml", dump(content))
    stages = {"documents": {"key": "k", "state": "done", "outputs": {}, "finished": "now", "seconds": 61.0}}
    write_json(
        folder / "run.json",
        {"schema": 1, "stages": stages, "versions": {"mlx": "1.2.3"}, "model": {"name": "pocket", "fingerprint": "f0"}},
    )
    write_json(folder / "evaluation" / "results.json", build_results("cheese", [SUITE], answers))
    write_jsonl(folder / "evaluation" / "answers.jsonl", answer_rows([SUITE], answers))
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
