"""The arguments that several commands take, with what the shell offers for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from msm_mlx.errors import MsmError
from msm_mlx.run_list import LATEST, find_run, list_runs, runs_home
from msm_mlx.shipped import shipped_recipes


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


def complete_arm(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The arms of the runs that stand before on the line."""
    from msm_mlx.compare.session import open_session

    words = [word for word in ctx.args if not word.startswith("-")]  # click leaves them there before an open option
    try:
        session = open_session([find_run(word, runs_home()) for word in words])
    except MsmError:
        return []
    return [CompletionItem(arm.label) for arm in session.arms if arm.label.startswith(incomplete)]
