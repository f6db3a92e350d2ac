"""Puts lm-eval's tasks to the variants of a finished run."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.files import write_json
from msm_mlx.models.hub import resolve_model
from msm_mlx.pipeline.context import Context
from msm_mlx.pipeline.reevaluation import Choice
from msm_mlx.progress import Reporter
from msm_mlx.recipe.load import Recipe
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import ADAPTER_FILES, LM_EVAL, adapter_folder


def ask_harness(
    recipe: Recipe, run: RunFolder, tasks: Sequence[str], choice: Choice, report: Reporter
) -> list[dict[str, Any]]:
    """A row for each variant, task and metric, which `evaluation/lm_eval.json` then holds with the versions.

    Raises:
        SetupError: if lm-eval is not installed.
        RecipeError: for a grid, or if the run's base is no longer the one that its arms were trained on.
        MsmError: if an arm is not trained yet, or a task cannot be run.
    """
    if importlib.util.find_spec("lm_eval") is None:
        raise SetupError("--lm-eval needs lm-eval; install it with `pip install 'msm-mlx[lm-eval]'`")
    if recipe.grid:
        raise RecipeError(f"{run.path}: is a grid of runs; --lm-eval asks the arms of a single run")
    variants = [v for v in recipe.variants if choice.arms is None or v.arm in choice.arms]
    for variant in variants:
        if variant.is_trained and not (run.path / adapter_folder(variant) / ADAPTER_FILES[0]).exists():
            raise MsmError(f"{variant.id} is not trained in {run.path}; run the recipe first")
    from msm_mlx.evaluation.lm_eval import run_tasks

    rows: list[dict[str, Any]] = []
    with run.lock():
        base = resolve_model(recipe.model, say=report.say)
        trained = run.record().get("model", {}).get("fingerprint", base.fingerprint)
        if trained != base.fingerprint:
            raise RecipeError(f"{run.path}: its arms were trained over another version of {base.name}; run it again")
        with closing(Context(recipe, base, run, report)) as context:
            for variant in variants:
                report.say(f"lm-eval asks {variant.id}.")
                found = run_tasks(context.variant(variant), tasks, recipe.settings.evaluation.batch_size)
                rows += [
                    {"arm": variant.arm, "spec": variant.spec, "seed": variant.seed, "task": task, "metric": metric,
                     "value": value}
                    for task, metrics in found.items() for metric, value in metrics.items()
                ]  # fmt: skip
        write_json(run.path / LM_EVAL, {"tasks": list(tasks), "rows": rows})
    return rows
