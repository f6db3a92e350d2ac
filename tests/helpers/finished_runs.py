"""Finished runs over the embedded model, made by the product itself: tiny, and through every stage."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from helpers.command_line import RECIPES, SMALL
from msm_mlx.pipeline.runner import run_recipe
from msm_mlx.progress import SilentReporter
from msm_mlx.recipe.load import load_recipe
from msm_mlx.report.files import freshen_report
from msm_mlx.runs.folder import RunFolder
from msm_mlx.suites.load import SUITES

TINY = tuple(value for option, value in pairwise(SMALL) if option == "--set")


def finish_run(folder: Path, overrides: Sequence[str] = (), seeds: Sequence[int] = (0,)) -> Path:
    """Run `cheese_american` with `overrides` into `folder`, which holds a finished run with its report then."""
    recipe = load_recipe(
        RECIPES / "cheese_american.yaml", overrides=(*TINY, *overrides), seeds=seeds, known_suites=SUITES
    )
    run_recipe(recipe, RunFolder(folder), SilentReporter())
    freshen_report(folder)
    return folder
