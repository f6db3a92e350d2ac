"""`msm-mlx init`."""

from __future__ import annotations

from pathlib import Path

import click

from msm_mlx.cli.completion import complete_recipe
from msm_mlx.cli.output import err, out
from msm_mlx.recipe.scaffold import create_experiment
from msm_mlx.text.commands import command


@click.command()
@click.argument("name")
@click.option(
    "--from",
    "source",
    default="cheese_american",
    show_default=True,
    metavar="RECIPE",
    shell_complete=complete_recipe,
    help="The shipped recipe to start from.",
)
def init(name: str, source: str) -> None:
    """Make a folder NAME with an experiment of your own to edit.

    It holds a commented recipe, spec, demonstrations and prompts to edit, and runs on the embedded model as it is.

    \b
    Examples:
      msm-mlx init my_values
      msm-mlx init my_agent --from agentic_misalignment
    """
    folder = create_experiment(name, source, Path())
    for path in sorted(folder.iterdir()):
        out().print(str(path), markup=False, soft_wrap=True)
    commands = " && ".join(command("msm-mlx", name, folder) for name in ("validate", "run"))
    err().print(f"Edit these, then: {commands}", markup=False, soft_wrap=True)
