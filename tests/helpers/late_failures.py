"""What goes wrong with a recipe that `validate --model` found nothing in: its chats learned and its questions put."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from msm_mlx.engine.loaded_model import load_base
from msm_mlx.errors import MsmError
from msm_mlx.files import write_jsonl
from msm_mlx.models.hub import resolve_model
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.stages.demonstrations import Demonstrations
from msm_mlx.recipe.load import load_recipe
from msm_mlx.suites.load import SUITES
from msm_mlx.suites.opening import open_prompts
from msm_mlx.training.tokenize import read_rows


def late_failure(recipe_path: Path, model: str, overrides: list[str], profile: str | None = None) -> str:
    """What a run would stop at after its documents were written, as far as rows and prompts go; or nothing."""
    recipe = load_recipe(recipe_path, known_suites=SUITES, model=model, profile=profile, overrides=overrides)
    plan = plan_run(recipe)
    [stage] = plan.of(Demonstrations)
    try:
        loaded = load_base(resolve_model(recipe.model).folder)
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "train.jsonl"
            write_jsonl(data, stage.planned_rows() or [])
            rows = read_rows(loaded, "sft", data, recipe.settings.sft.model_dump(mode="json"))
        if not any(any(row.supervised) for row in rows):
            return "no token is learned"
        for suite in plan.suites:
            for opened in open_prompts(suite.items, recipe.model_name):
                loaded.render(opened.chat_to_go_on_with, reply=True)
    except (MsmError, ValueError, TypeError, KeyError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def in_folder(workspace: Path, command: tuple[str, ...]) -> str:
    """The late failure of a recipe after `validate RECIPE --model MODEL [--profile PROFILE] [--set KEY=VALUE]...`."""
    options = list(zip(command[2::2], command[3::2], strict=True))
    overrides = [value for name, value in options if name == "--set"]
    chosen = dict(options)
    before = Path.cwd()
    os.chdir(workspace)
    try:
        return late_failure(Path(command[1]) / "recipe.yaml", chosen["--model"], overrides, chosen.get("--profile"))
    finally:
        os.chdir(before)
