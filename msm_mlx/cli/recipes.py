"""The argument and options that all commands on a recipe share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from msm_mlx.cli.completion import complete_recipe
from msm_mlx.cli.offline import offline_option
from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.experiment import find_recipe, open_experiment
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.recipe.shipped import present_place
from msm_mlx.runs.layout import RECIPE, RECORD
from msm_mlx.runs.workspace import LATEST, find_run, read_recipe, runs_home
from msm_mlx.suites.load import SUITES


def find_finished(text: str) -> Path | None:
    """The run folder that `text` names, if there is one: a path, `latest`, or a run in `runs/`."""
    try:
        folder = find_run(text, runs_home())
    except RecipeError:
        if text == LATEST:
            raise
        return None
    return folder if (folder / RECORD).is_file() else None


def load_recipe_of(run: Path, overrides: Sequence[str], profile: str | None, **options: Any) -> Recipe:
    """The recipe of a run with the settings that the run had; `overrides` come on top.

    Raises:
        RecipeError: if the run's copy of its recipe cannot be read, or the run is a cell of a grid.
    """
    resolved = read_recipe(run)
    if not isinstance(resolved.get("path"), str) or not isinstance(resolved.get("overrides"), list):
        raise RecipeError(f"{run / RECIPE}: does not say which recipe the run is of; name the recipe instead")
    run_overrides = [str(override) for override in resolved["overrides"]]
    recipe = load_recipe(
        present_place(Path(resolved["path"])),
        overrides=[*run_overrides, *overrides],
        profile=profile or resolved.get("profile"),
        **options,
    )
    if recipe.grid and not resolved.get("grid"):
        raise RecipeError(f"{run}: is a cell of a grid; name the run of the whole grid instead")
    return recipe


def _check_leaves_training(run: Path, overrides: Sequence[str], **other_options: object) -> None:
    """Check that the options change nothing that the arms of a run were trained with.

    Raises:
        RecipeError: if they do.
    """
    options = [f"--set {text}" for text in overrides if not text.strip().startswith(("evaluation.", "judge."))]
    options += [f"--{name}" for name, value in other_options.items() if value]
    if options:
        raise RecipeError(
            f"{', '.join(options)}: {run} is trained already; change settings of `evaluation` and `judge` alone, or "
            "run its recipe into another folder with --run-dir"
        )


def recipe_command(function: Callable[..., None], *, or_run: bool = False) -> Callable[..., None]:
    """Adds the argument RECIPE and its options, and calls `function(experiment, **options)` with the other options.

    With `or_run` the argument may also name a run, whose recipe and folder are then used.
    """

    def wrapped(
        recipe: str,
        overrides: tuple[str, ...],
        model: str | None,
        profile: str | None,
        seeds: tuple[int, ...],
        run_dir: Path | None,
        allow_outside: bool,
        **options: Any,
    ) -> None:
        finished = find_finished(recipe) if or_run else None
        if finished:
            _check_leaves_training(finished, overrides, model=model, profile=profile, seed=seeds)
        load_options: dict[str, Any] = {"model": model, "seeds": seeds, "known_suites": SUITES}
        load_options |= {"overrides": overrides, "profile": profile, "allow_outside": allow_outside}
        loaded = (
            load_recipe_of(finished, **load_options) if finished else load_recipe(find_recipe(recipe), **load_options)
        )
        function(open_experiment(loaded, run_dir or finished), **options)

    wrapped.__name__, wrapped.__doc__ = function.__name__, function.__doc__
    parameters: list[Callable[..., Any]] = [
        click.argument("recipe", metavar="RECIPE|RUN" if or_run else "RECIPE", shell_complete=complete_recipe),
        click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a setting; repeatable."),
        click.option("--model", metavar="MODEL", help="`pocket`, a local folder, or a model of the hub."),
        click.option("--profile", metavar="PROFILE", help="Size of the experiment: pocket, small, laptop or paper."),
        click.option("--seed", "seeds", multiple=True, type=int, help="Train with this seed only; repeatable."),
        click.option("--run-dir", type=click.Path(path_type=Path), help="Run folder. Default: runs/NAME."),
        offline_option,
        click.option("--allow-outside", is_flag=True, help="Let the recipe name files outside its workspace."),
    ]
    wrapped.__click_params__ = list(getattr(function, "__click_params__", []))  # type: ignore[attr-defined]
    for parameter in reversed(parameters):
        wrapped = parameter(wrapped)
    return wrapped
