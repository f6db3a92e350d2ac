"""Puts lm-eval's tasks to the variants of a finished run."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.files import write_json
from msm_mlx.pipeline.reevaluation import Choice
from msm_mlx.progress import Reporter
from msm_mlx.recipe.load import Recipe
from msm_mlx.runs.finished import open_run
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import LM_EVAL

if TYPE_CHECKING:
    from msm_mlx.engine.loaded_model import LoadedModel


def ask_harness(
    recipe: Recipe, run: RunFolder, tasks: Sequence[str], choice: Choice, report: Reporter
) -> list[dict[str, Any]]:
    """A row for each variant, task and metric, which `evaluation/lm_eval.json` then holds with the names of the tasks.

    Raises:
        SetupError: if lm-eval is not installed.
        RecipeError: for a grid.
        MsmError: if an arm is not trained yet, the run's base is no longer the one that its arms were trained over, or
            a task cannot be run.
    """
    if importlib.util.find_spec("lm_eval") is None:
        raise SetupError("--lm-eval: needs lm-eval; install it with `pip install 'msm-mlx[lm-eval]'`")
    finished = open_run(run.path)
    if finished.record.get("grid"):
        raise RecipeError(f"{run.path}: is a grid of runs; --lm-eval asks the arms of a single run")
    variants = [variant for variant in finished.variants if choice.arms is None or variant.arm in choice.arms]
    variants = [variant for variant in variants if not variant.in_context]  # its tasks are no chats
    for variant in variants:
        if variant.is_trained and variant not in finished.trained:
            raise MsmError(f"{run.path}: {variant.id} is not trained; run the recipe first")
    from msm_mlx.evaluation.lm_eval import run_tasks

    rows: list[dict[str, Any]] = []
    loaded: LoadedModel | None = None
    with run.lock():
        for variant in variants:
            loaded = finished.open(variant, loaded)
            report.say(f"lm-eval asks {variant.id}.")
            by_task = run_tasks(loaded, tasks, recipe.settings.evaluation.batch_size)
            rows += [
                {"arm": variant.arm, "spec": variant.spec, "seed": variant.seed, "task": task, "metric": metric,
                 "value": value}
                for task, metrics in by_task.items() for metric, value in metrics.items()
            ]  # fmt: skip
        write_json(run.path / LM_EVAL, {"tasks": list(tasks), "rows": rows})
    return rows
