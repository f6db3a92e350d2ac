"""An experiment: a checked recipe and the folder that it runs in, as the command line and Python name and run them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msm_mlx.engine.launch import launched_rank
from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.reevaluation import EVERYTHING, Choice, with_added_suites
from msm_mlx.pipeline.stage import KINDS, Kind
from msm_mlx.progress import Reporter
from msm_mlx.recipe.load import Recipe
from msm_mlx.recipe.scaffold import RECIPE as SCAFFOLD_RECIPE
from msm_mlx.recipe.shipped import shipped_recipes
from msm_mlx.resources.blas import load_openblas
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import RECORD
from msm_mlx.runs.workspace import runs_home
from msm_mlx.text.commands import command


@dataclass(frozen=True)
class Experiment:
    """A checked recipe and the folder that it runs in."""

    recipe: Recipe
    run: RunFolder


def find_recipe(text: str) -> Path:
    """The recipe file that `text` names.

    That is a path, the folder that `init` made, or a shipped recipe by its name or by its path in a checkout.

    Raises:
        RecipeError: if there is none, or `text` names a run folder or a spec.
    """
    path = Path(text)
    exists = os.path.exists(text)  # False too for a name that no file system takes
    if exists and (path / RECORD).exists():
        raise RecipeError(
            f"{text}: is a run folder; name its recipe, or see `{command('msm-mlx', 'runs', 'show', text)}`"
        )
    if exists and (path / SCAFFOLD_RECIPE).is_file():
        return path / SCAFFOLD_RECIPE
    if exists and path.suffix == ".md":
        raise RecipeError(f"{text}: is a spec; name the recipe that it belongs to, a .yaml file")
    if exists:
        return path
    shipped = shipped_recipes()
    if path.stem in shipped and text in (path.stem, path.name, f"recipes/{path.name}"):
        return shipped[path.stem]
    raise RecipeError(f"{text}: no such file, and no recipe of that name; there are {', '.join(shipped)}")


def open_experiment(recipe: Recipe, folder: Path | None = None) -> Experiment:
    """The recipe in `folder`, by default `runs/NAME`, with the suites that were added to the run there.

    Raises:
        RecipeError: if the file of such a suite is gone.
    """
    folder = folder or default_run_dir(recipe)
    return Experiment(with_added_suites(recipe, folder), RunFolder(folder))


def default_run_dir(recipe: Recipe) -> Path:
    """`runs/NAME` in the working folder or in $MSM_MLX_HOME; with another model than `pocket`, NAME has the model and
    the profile too."""
    name = recipe.name if recipe.model == "pocket" else f"{recipe.name}-{Path(recipe.model).name}-{recipe.profile}"
    return runs_home() / name


def run_experiment(
    experiment: Experiment,
    report: Reporter,
    kinds: Sequence[Kind] = KINDS,
    *,
    any_memory: bool = False,
    choice: Choice = EVERYTHING,
    processes: int | None = None,
) -> None:
    """Bring every stage of the given kinds up to date, of a grid in each of its cells; see `run_recipe`.

    Under `mlx.launch` the other ranks train along with the first, which alone has the run folder.
    """
    from msm_mlx.pipeline.grid import run_grid  # with what works on stages, which plans do not need
    from msm_mlx.pipeline.runner import follow_run, run_recipe

    recipe, run = experiment.recipe, experiment.run
    report.say(f"{recipe.name} in {run.path}. {recipe.profile_reason}")
    if recipe.name_reason:
        report.say(recipe.name_reason)
    report.say(f"Matrix products by {load_openblas()}.")
    if recipe.grid:  # refused on every rank alike
        run_grid(recipe, run, report, kinds, any_memory=any_memory, choice=choice, processes=processes)
    elif launched_rank():
        follow_run(recipe, report)
    else:
        run_recipe(recipe, run, report, kinds, any_memory=any_memory, choice=choice, processes=processes)
