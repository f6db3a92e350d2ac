"""The parts of the docs that are made from the code: all that a recipe may say, and the causes of crashes.

    python benchmarks/pages.py

Writes `docs/recipe-reference.md`, and the table in `docs/troubleshooting.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from msm_mlx.files import write_text
from msm_mlx.recipe.reference import Setting, list_settings
from msm_mlx.recipe.schema import Profile
from msm_mlx.worker.crashes import CAUSES

DOCS = Path(__file__).parents[1] / "docs"
REFERENCE, TROUBLESHOOTING = DOCS / "recipe-reference.md", DOCS / "troubleshooting.md"
BEGINNING = """# Recipe reference

All that a recipe may say, as `msm-mlx recipes --settings` prints it. This page is made from the schema by
`python benchmarks/pages.py`. What each word means is in the [glossary](glossary.md), and [recipes and arms](recipes.md)
has examples.

`--set KEY=VALUE` takes every key as it stands here. NAME is a name of the recipe's own.
"""
OF_THE_RECIPE = """
## The recipe

These keys stand at the top of the file.
"""
OF_A_PROFILE = """
## A profile

These keys stand below the name of a profile, as `profiles: {pocket: {documents: {count: 180}}}`. `--set` takes them
without it, as `--set documents.count=60`.
"""
TABLE = re.compile(r"(?<=<!-- crashes -->\n).*(?=<!-- /crashes -->)", re.DOTALL)


def recipe_reference() -> str:
    """The page of all keys, in the order of the schema, a table for each section of a profile."""
    settings = list_settings()
    first = [setting.key for setting in settings].index(next(iter(Profile.model_fields)))
    parts = [BEGINNING, OF_THE_RECIPE, *_table(settings[:first]), OF_A_PROFILE]
    for section, group in groupby(settings[first:], lambda setting: setting.key.split(".")[0]):
        (head, *rows) = group
        parts += [f"\n### `{section}`\n", f"\n{head.meaning}\n", *_table(rows)]
    return "".join(parts)


def _table(settings: Sequence[Setting]) -> Iterator[str]:
    yield "\n| key | default | meaning |\n|---|---|---|\n"
    for setting in settings:
        choices = f" One of {', '.join(f'`{choice}`' for choice in setting.choices)}." if setting.choices else ""
        default = setting.default and (setting.default if setting.default == NEEDED else f"`{setting.default}`")
        yield row(f"`{setting.key}`", default, setting.meaning + choices)


NEEDED = "(needed)"


def crash_table() -> str:
    """What may have ended a process, and what to do about it."""
    return (
        "\n| what happened | remedy |\n|---|---|\n"
        + "".join(row(cause.meaning, cause.remedy) for cause in CAUSES)
        + "\n"
    )


def row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def troubleshooting(page: str) -> str:
    """The page with its table as it should be."""
    return TABLE.sub(lambda _: crash_table(), page)


def pages() -> dict[Path, str]:
    """What every page with a part that is made here should say."""
    text = TROUBLESHOOTING.read_text(encoding="utf-8")
    return {REFERENCE: recipe_reference(), TROUBLESHOOTING: troubleshooting(text)}


if __name__ == "__main__":
    for path, text in pages().items():
        write_text(path, text)
