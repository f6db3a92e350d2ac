"""`msm-mlx validate`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from msm_mlx.cli.completion import complete_recipe
from msm_mlx.cli.output import err, out_lines
from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.experiment import find_recipe
from msm_mlx.pipeline.findings import Findings
from msm_mlx.text.terminal import literal


@click.command()
@click.argument("recipes", nargs=-1, required=True, metavar="RECIPE...", shell_complete=complete_recipe)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a setting; repeatable.")
@click.option("--model", metavar="MODEL", help="`pocket`, a local folder, or a model of the hub.")
@click.option("--profile", metavar="PROFILE", help="Size of the experiment: pocket, small, laptop or paper.")
@click.option("--allow-outside", is_flag=True, help="Let the recipe name files outside its workspace.")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON on stdout.")
def validate(recipes: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Say everything that is wrong with recipes, at once.

    Also with the specs, demonstrations and suites that they name. With --model, every row and prompt is rendered with
    the model's chat template and measured, with its tokenizer alone. Exit code 2 if anything is wrong.

    \b
    Examples:
      msm-mlx validate my_values
      msm-mlx validate my_values --model mlx-community/Qwen3-8B-4bit
      msm-mlx validate recipes/*.yaml
    """
    from msm_mlx.pipeline.preflight import inspect_recipe

    findings: dict[str, Findings] = {}
    for recipe in recipes:
        try:
            findings[recipe] = inspect_recipe(find_recipe(recipe), rehearse=options["model"] is not None, **options)
        except RecipeError as error:  # no such file
            findings[recipe] = Findings([str(error)])
    if as_json:
        print(json.dumps([{"recipe": recipe, **asdict(found)} for recipe, found in findings.items()], indent=2))
    else:
        _show(findings)
    problems = [line for found in findings.values() for line in found.problems]
    if problems:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise RecipeError("\n".join([count, *problems] if not as_json else [count]))


def _show(findings: Mapping[str, Findings]) -> None:
    for recipe, found in findings.items():
        for note in found.notes:
            err().print(literal(note))
        if not found.problems:
            out_lines().print(f"{recipe}: nothing is wrong", markup=False)
