"""The command to type after a run: what mends its first weakness, or shows more of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from msm_mlx.models.folder import POCKET
from msm_mlx.recipe.shipped import present_place, shipped_recipes
from msm_mlx.report.doubts import MIN_SEEDS
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.workspace import runs_home
from msm_mlx.text.commands import command


@dataclass(frozen=True)
class NextStep:
    """A command line, and what it is good for."""

    command: str
    purpose: str


def next_step(run: FinishedRun) -> NextStep:
    """The run again if a training went wrong, more seeds if there are few of them, else answers to the reader's own
    prompts."""
    if run.results.grid:
        return NextStep(command("msm-mlx", "report", run.folder), "for the report")
    if run.problems:
        return NextStep(_run_again(run, ()), "once what the warnings name is changed in the recipe or by --set")
    seeds = run.recipe.seeds
    if len(seeds) < MIN_SEEDS and any(variant.is_trained for variant in run.variants):
        others = [seed for seed in range(MIN_SEEDS + len(seeds)) if seed not in seeds]
        more = sorted([*seeds, *others[: MIN_SEEDS - len(seeds)]])
        return NextStep(_run_again(run, more), "to see how much other seeds differ (what is there stays)")
    return NextStep(command("msm-mlx", "compare", run.folder), "to see all arms side by side, on your own prompts too")


def _run_again(run: FinishedRun, seeds: Iterable[int]) -> str:
    """The run's command, with other seeds if they are given."""
    recipe, options = run.recipe, [("--seed", str(seed)) for seed in seeds]
    settings = [text for text in recipe.overrides if not (options and text.startswith("seeds="))]
    words = ["msm-mlx", "run", _name(recipe.path), *(word for text in settings for word in ("--set", text))]
    words += [word for option in options for word in option]
    if recipe.model != POCKET or recipe.profile != POCKET:
        words += ["--profile", recipe.profile]
    if run.folder.resolve() != (runs_home() / recipe.name).resolve():
        words += ["--run-dir", str(run.folder)]
    return command(*words)


def _name(recipe: Path) -> str:
    """A recipe as one types it: by its name if it came with msm-mlx, else by its path from here."""
    path = present_place(recipe)
    if shipped_recipes().get(path.stem) == path:
        return path.stem
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
