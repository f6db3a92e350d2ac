"""Evaluating a run again: only some arms, only some suites, or suites that its recipe does not name.

Every variant's answers are in a file of its own. The record says under which hash of each suite they were given, so
that whatever is still good is kept and only the rest is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl, write_jsonl
from msm_mlx.pipeline.plan import closing_stages, count_replies
from msm_mlx.pipeline.stage import Stage
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.load import Recipe
from msm_mlx.recipe.suites import asked_suites, load_suites
from msm_mlx.runs.answers import suite_of
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import RECIPE
from msm_mlx.runs.workspace import read_recipe
from msm_mlx.suites.load import SUITES
from msm_mlx.text.wording import did_you_mean, shown


@dataclass(frozen=True)
class Choice:
    """The arms and the names of the suites that are to be asked now; None is all of them."""

    suites: frozenset[str] | None = None
    arms: frozenset[str] | None = None


EVERYTHING = Choice()


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
    found = [_find_suite(text, recipe) for text in suites]
    problems += [problem for _, problem in found if problem]
    if problems:
        raise RecipeError("\n".join(dict.fromkeys(problems)))
    entries = [entry for entry, _ in found]
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
    own = {_name(entry): entry for entry in (*recipe.suites, *recipe.added_suites)}
    if text in own:
        return own[text], ""
    if text in SUITES:
        return text, ""
    try:
        path = Path(text).resolve()
        is_file = path.is_file()
    except (OSError, ValueError, RuntimeError):  # names that no file system takes
        is_file = False
    if not is_file:
        known = dict.fromkeys((*own, *SUITES))
        return "", f"--suite {text}: no such file, and no suite of that name{did_you_mean(text, known)}"
    if path.stem in own and own[path.stem] != str(path):
        return "", f"--suite {text}: the run has another suite called {shown(path.stem)}; give the file another name"
    return str(path), ""


def _name(entry: str) -> str:
    """What a suite is called in results: a shipped one has its name as entry, another its path."""
    return entry if entry in SUITES else Path(entry).stem


def with_added(recipe: Recipe, run: Path) -> Recipe:
    """The recipe with the suites that were added to its run, less those that it has come to name itself.

    Raises:
        RecipeError: if the file of one is gone.
    """
    kept = read_recipe(run).get("added_suites")
    added = [entry for entry in kept if isinstance(entry, str)] if isinstance(kept, list) else []
    own = set(map(_name, recipe.suites))
    for entry in added:
        if entry not in SUITES and not Path(entry).is_file():
            raise RecipeError(
                f"{entry}: the suite that was added to {run} is gone; put it back, or take it out of added_suites in "
                f"{run / RECIPE}"
            )
    return replace(recipe, added_suites=tuple(entry for entry in added if _name(entry) not in own))


def narrow(recipe: Recipe, stages: Sequence[Stage], choice: Choice, run: RunFolder) -> list[Stage]:
    """The stages that ask what was chosen and no more. Answers that are there and still good stay in the results."""
    if choice == EVERYTHING:
        return list(stages)
    suites = asked_suites(recipe)
    kept: list[Stage] = []
    answers: dict[Variant, list[str]] = {}
    for stage in stages:
        if stage.variant is None or stage.kind != "evaluate":
            continue
        good = _answered(stage, run)
        if choice.arms is None or stage.variant.arm in choice.arms:
            good |= {name for name in stage.settings["suites"] if choice.suites is None or name in choice.suites}
            hashes = {name: sha for name, sha in stage.settings["suites"].items() if name in good}
            total = count_replies(recipe, stage.variant, [suite for suite in suites if suite.name in good])
            kept.append(replace(stage, settings=stage.settings | {"suites": hashes}, total=total))
        if good:
            answers[stage.variant] = sorted(good)
    judge = next((str(stage.settings["judge"]) for stage in stages if stage.kind == "judge"), "")
    base = next((str(stage.settings["base"]) for stage in stages if stage.kind == "evaluate"), "")
    closing = ("evaluate", "perplexity", "judge", "results")
    return [
        *(stage for stage in stages if stage.kind not in closing),
        *kept,
        *closing_stages(recipe, answers, base, judge),
    ]


def _answered(stage: Stage, run: RunFolder) -> set[str]:
    """The suites that the stage's variant has answered, as they and the variant are now."""
    entry = run.record()["stages"].get(stage.id)
    inputs = stage.inputs(run.path)
    if not entry or not inputs or entry["state"] != "done" or not (run.path / stage.writes[0]).exists():
        return set()
    before: Mapping[str, Any] = entry.get("inputs") or {}
    if any(before.get(key) != value for key, value in inputs.items() if key not in stage.grows_with):
        return set()
    return _unchanged(stage, before)


def _unchanged(stage: Stage, before: Mapping[str, Any]) -> set[str]:
    earlier = before.get("suites") or {}
    return {name for name, sha in stage.settings["suites"].items() if earlier.get(name) == sha}


def drop_stale_answers(stage: Stage, run: RunFolder) -> None:
    """Leave only those answers that were given to a suite as it is now."""
    path = run.path / stage.writes[0]
    if path.exists():
        good = _unchanged(stage, run.record()["stages"][stage.id]["inputs"])
        write_jsonl(path, [row for row in read_jsonl(path) if suite_of(row) in good])
