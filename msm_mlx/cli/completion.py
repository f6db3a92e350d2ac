"""The arguments that several commands take, with what the shell offers for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from msm_mlx.errors import MsmError
from msm_mlx.recipe.shipped import shipped_recipes
from msm_mlx.runs.workspace import LATEST, find_run, list_runs, read_recipe, runs_home
from msm_mlx.settings_file.parse import parse, read


class RunType(click.ParamType[Path]):
    """A run folder: a path, `latest`, or the name of a run in `runs/`."""

    name = "run"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        return value if isinstance(value, Path) else find_run(value, runs_home())

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        names = [LATEST, *(run.path.name for run in list_runs(runs_home()))]
        found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return found or [CompletionItem(incomplete, type="dir")]


RUN = RunType()


def complete_recipe(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Shipped recipes by name, else files."""
    found = [CompletionItem(name) for name in shipped_recipes() if name.startswith(incomplete)]
    return found if found and "/" not in incomplete else [CompletionItem(incomplete, type="file")]


def complete_suite(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The suites of the run or recipe that stands before on the line and the shipped ones, else files."""
    from msm_mlx.suites.load import SUITES

    own = [Path(entry).stem for entry in _kept(ctx, "suites") + _kept(ctx, "added_suites")]
    found = [CompletionItem(name) for name in dict.fromkeys((*own, *SUITES)) if name.startswith(incomplete)]
    return found if found and "/" not in incomplete else [CompletionItem(incomplete, type="file")]


def complete_asked_suite(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The suites that the runs before on the line were asked."""
    names = dict.fromkeys(Path(entry).stem for entry in _kept(ctx, "suites") + _kept(ctx, "added_suites"))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_plain_arm(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The arms of the run that stands before on the line, as its recipe names them."""
    return [CompletionItem(arm) for arm in dict.fromkeys(_kept(ctx, "arms")) if arm.startswith(incomplete)]


def _kept(ctx: click.Context, key: str) -> list[str]:
    """What the runs before on the line, or the recipe there, have under `key`."""
    named = ctx.params.get("runs") or ctx.params.get("recipe") or ctx.args
    words = [named] if isinstance(named, str | Path) else [word for word in named if not str(word).startswith("-")]
    found: list[str] = []
    for word in words:
        try:
            content = read_recipe(find_run(str(word), runs_home()))
        except MsmError:
            content = {}
        content = content or _recipe_file(str(word))
        entries = content.get(key)
        found += [entry for entry in entries if isinstance(entry, str)] if isinstance(entries, list) else []
    return found


def _recipe_file(text: str) -> dict[str, Any]:
    """The content of a recipe, by name or path; empty if there is none."""
    path = shipped_recipes().get(text, Path(text))
    try:
        value = parse(read(path)).value
    except MsmError:
        return {}
    return value if isinstance(value, dict) else {}


def complete_arm(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The arms of the runs that stand before on the line."""
    from msm_mlx.compare.session import open_session

    words = [word for word in ctx.args if not word.startswith("-")]  # click leaves them there before an open option
    try:
        session = open_session([find_run(word, runs_home()) for word in words])
    except MsmError:
        return []
    return [CompletionItem(arm.label) for arm in session.arms if arm.label.startswith(incomplete)]
