"""A small run of two specs whose answers are planted: what a record or a table of it must say is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers.planted_runs import plant_run, recipe_of
from msm_mlx.evaluation.metric_values import Answers
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import Answer
from msm_mlx.suites.items import Suite
from msm_mlx.suites.kinds.pairs import Pair

ITEMS = tuple(Pair(f"apart/{d}-{n}", "apart", d, "?", "{item}", "a", "b") for d in ("art", "food") for n in (1, 2))
SUITE = Suite("apart", "pairs", "share choosing a", ITEMS)
SHARES = {("sft", None): (2, 2), ("msm", "x"): (2, 1), ("msm+sft", "x"): (4, 3), ("msm+sft", "y"): (0, 0)}
VERSIONS = {"mlx": "1.2.3", "system": "Linux x86_64"}


def answers(chosen: int) -> dict[str, Answer]:
    """The first `chosen` items choose the target."""
    found = {}
    for number, item in enumerate(ITEMS):
        metrics = {"choice": float(number < chosen), "written_choice": 0.5, "unclear": 0.0}
        found[item.id] = Answer(item.id, ("", ""), ("unclear", "unclear"), (0.0, 0.0), metrics)
    return found


def planted(better: int = 0) -> Answers:
    """Answers of every arm and seed, of which `better` more choose the target than `SHARES` says."""
    trained = {
        Variant(arm, spec, seed, True): answers(share + better)
        for (arm, spec), shares in SHARES.items()
        for seed, share in enumerate(shares)
    }
    return {Variant("base", None, None): answers(2)} | trained


def plant_cheese(folder: Path, name: str | None = None, **changes: Any) -> Path:
    overrides = ("seeds=[0, 1]", *([f"model_name={name}"] if name else []))
    recipe = recipe_of(
        **{"name": "cheese", "path": Path("/somewhere/recipes/cheese.yaml"), "specs": (Path("x.md"), Path("y.md")),
           "model_name": name or "Pocket", "seeds": (0, 1), "overrides": overrides} | changes
    )  # fmt: skip
    stages = {
        n: {"key": n, "inputs": {}, "state": "done", "outputs": {}, "finished": "now", "seconds": 1.25} for n in "ab"
    }
    return plant_run(folder, recipe, [SUITE], planted(1 if name else 0), stages=stages, versions=VERSIONS)
