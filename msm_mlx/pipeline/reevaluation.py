"""Evaluating a run again: only some arms, only some suites, or suites that its recipe does not name.

Every variant's answers are in a file of its own. The record says under which hash of each suite they were given, so
that whatever is still good is kept and only the rest is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.plan import RunPlan, closing_stages
from msm_mlx.pipeline.stage import Stage
from msm_mlx.pipeline.stages.evaluation import Evaluation
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.load import Recipe
from msm_mlx.recipe.suites import load_suites
from msm_mlx.recipe.validators import no_suite_file
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import RECIPE
from msm_mlx.runs.workspace import read_recipe
from msm_mlx.suites.load import SUITES
from msm_mlx.text.wording import describe, did_you_mean


@dataclass(frozen=True)
class Choice:
    """The arms and the names of the suites that are to be asked now; None is all of them."""

    suites: frozenset[str] | None = None
    arms: frozenset[str] | None = None


EVERYTHING = Choice()
CLOSING = ("evaluate", "perplexity", "judge", "results")  # the kinds of stages that are chosen from


def choose(recipe: Recipe, suites: Sequence[str], arms: Sequence[str]) -> tuple[Recipe, Choice]:
    """The recipe with the suites added that are not its own, and the choice.

    Args:
        suites: names of suites, or paths of suite files; none chooses all that the run has.
        arms: arms of the recipe; none chooses all.

    Raises:
        RecipeError: with a line for each that is not known, or if a suite cannot be used.
    """
    problems = [
        f"--arm {arm}: the run has no such arm{did_you_mean(arm, recipe.arms)}; it has {', '.join(recipe.arms)}"
        for arm in arms
        if arm not in recipe.arms
    ]
    entries_or_problems = [_find_suite(text, recipe) for text in suites]
    problems += [problem for _, problem in entries_or_problems if problem]
    if problems:
        raise RecipeError("\n".join(dict.fromkeys(problems)))
    entries = [entry for entry, _ in entries_or_problems]
    new = [entry for entry in dict.fromkeys(entries) if entry not in (*recipe.suites, *recipe.added_suites)]
    load_suites(recipe, new)
    names = frozenset(map(_name, entries)) if suites else None
    return (
        replace(recipe, added_suites=(*recipe.added_suites, *new)),
        Choice(names, frozenset(arms) if arms else None),
    )


def _find_suite(text: str, recipe: Recipe) -> tuple[str, str]:
    """The entry that a suite has in a recipe, or why there is none: a suite of the run by name, then a shipped one,
    then a file."""
    run_suites = {_name(entry): entry for entry in (*recipe.suites, *recipe.added_suites)}
    if text in run_suites:
        return run_suites[text], ""
    if text in SUITES:
        return text, ""
    try:
        path = Path(text).resolve()
        is_file, reason = path.is_file(), no_suite_file(Path(), text)
    except (OSError, ValueError, RuntimeError):  # names that no file system takes
        is_file, reason = False, ""
    if reason:
        return "", f"--suite {text}: {reason}"
    if not is_file:
        names = dict.fromkeys((*run_suites, *SUITES))
        return "", f"--suite {text}: no such file, and no suite of that name{did_you_mean(text, names)}"
    if path.stem in run_suites and run_suites[path.stem] != str(path):
        return "", f"--suite {text}: the run has another suite called {describe(path.stem)}; give the file another name"
    return str(path), ""


def _name(entry: str) -> str:
    """What a suite is called in results: a shipped one has its name as entry, another its path."""
    return entry if entry in SUITES else Path(entry).stem


def with_added_suites(recipe: Recipe, run: Path) -> Recipe:
    """The recipe with the suites that were added to its run, less those that it has come to name itself.

    Raises:
        RecipeError: if the file of one is gone.
    """
    entries = read_recipe(run).get("added_suites")
    added = [entry for entry in entries if isinstance(entry, str)] if isinstance(entries, list) else []
    names = set(map(_name, recipe.suites))
    for entry in added:
        if entry not in SUITES and not Path(entry).is_file():
            raise RecipeError(
                f"{entry}: the suite that was added to {run} is gone; put it back, or take it out of added_suites in "
                f"{run / RECIPE}"
            )
    return replace(recipe, added_suites=tuple(entry for entry in added if _name(entry) not in names))


def narrow_plan(plan: RunPlan, choice: Choice, run: RunFolder) -> list[Stage]:
    """The stages that ask what was chosen and no more. Answers that are there and still good stay in the results."""
    if choice == EVERYTHING:
        return list(plan.stages)
    evaluations: list[Evaluation] = []
    answered: dict[Variant, list[str]] = {}
    for stage in plan.of(Evaluation):
        names = stage.answered(run)
        if choice.arms is None or stage.variant.arm in choice.arms:
            names |= {s.name for s in stage.suites if choice.suites is None or s.name in choice.suites}
            evaluations.append(replace(stage, suites=tuple(suite for suite in stage.suites if suite.name in names)))
        if names:
            answered[stage.variant] = sorted(names)
    closing = closing_stages(plan.recipe, plan.models, plan.suites, answered)
    return [*(stage for stage in plan.stages if stage.kind not in CLOSING), *evaluations, *closing]
