"""The arguments that several commands share, with their shell completion."""

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
        items = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return items or [CompletionItem(incomplete, type="dir")]


RUN = RunType()


def complete_recipe(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Shipped recipes by name, else files."""
    items = [CompletionItem(name) for name in shipped_recipes() if name.startswith(incomplete)]
    return items if items and "/" not in incomplete else [CompletionItem(incomplete, type="file")]


def complete_suite(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The suites of the run or recipe earlier on the line and the shipped ones, else files."""
    from msm_mlx.suites.load import SUITES

    named = [Path(entry).stem for entry in _recipe_entries(ctx, "suites") + _recipe_entries(ctx, "added_suites")]
    items = [CompletionItem(name) for name in dict.fromkeys((*named, *SUITES)) if name.startswith(incomplete)]
    return items if items and "/" not in incomplete else [CompletionItem(incomplete, type="file")]


def complete_asked_suite(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The suites that the runs earlier on the line were asked."""
    names = dict.fromkeys(
        Path(entry).stem for entry in _recipe_entries(ctx, "suites") + _recipe_entries(ctx, "added_suites")
    )
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_plain_arm(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The arms of the run earlier on the line, as its recipe names them."""
    return [CompletionItem(arm) for arm in dict.fromkeys(_recipe_entries(ctx, "arms")) if arm.startswith(incomplete)]


def _recipe_entries(ctx: click.Context, key: str) -> list[str]:
    """The entries under `key` in the recipes of the runs earlier on the line, or of the recipe there."""
    arguments = ctx.params.get("runs") or ctx.params.get("recipe") or ctx.args
    words = (
        [arguments]
        if isinstance(arguments, str | Path)
        else [word for word in arguments if not str(word).startswith("-")]
    )
    names: list[str] = []
    for word in words:
        try:
            content = read_recipe(find_run(str(word), runs_home()))
        except MsmError:
            content = {}
        content = content or _recipe_file(str(word))
        entries = content.get(key)
        names += [entry for entry in entries if isinstance(entry, str)] if isinstance(entries, list) else []
    return names


def _recipe_file(text: str) -> dict[str, Any]:
    """The content of a recipe, by name or path; empty if there is none."""
    path = shipped_recipes().get(text, Path(text))
    try:
        value = parse(read(path)).value
    except MsmError:
        return {}
    return value if isinstance(value, dict) else {}


def complete_arm(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The arms of the runs earlier on the line."""
    from msm_mlx.compare.session import open_session

    words = [word for word in ctx.args if not word.startswith("-")]  # click leaves them there before an open option
    try:
        session = open_session([find_run(word, runs_home()) for word in words])
    except MsmError:
        return []
    return [CompletionItem(arm.label) for arm in session.arms if arm.label.startswith(incomplete)]
