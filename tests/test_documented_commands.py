"""Every command of README and docs can be parsed: its options are there, and recipes and settings by that name."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import click
import pytest
from helpers.command_line import ROOT
from helpers.documented import PAGES, PLACEHOLDER, README, commands, read

from msm_mlx.cli.main import cli
from msm_mlx.recipe.reference import list_settings
from msm_mlx.recipe.shipped import shipped_recipes

DEFAULTS = {"documents": "write", "models": "list", "runs": "list"}  # of the groups that need no name of a command
OF_A_LATER_MOMENT = {"latest", "my.yaml"}
SETTING = re.compile(r"`((?:documents|midtrain|sft|lora|evaluation|sampling|judge)\.[a-z_.]+)(?=[`=:])")


@cache
def experiments() -> frozenset[str]:
    """What `init` makes on any page."""
    names = (re.findall(r"msm-mlx init ([a-z_]+)", read(page)) for page in PAGES)
    return frozenset(name for found in names for name in found)


def leaf(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these words call, and its arguments."""
    command: click.Command = cli
    if words[:1] == ["--screen-reader"]:  # stands before all commands
        words = words[1:]
    while isinstance(command, click.Group):
        context = click.Context(command)
        name = words[0] if words and not words[0].startswith("-") else ""
        if (inner := command.get_command(context, name)) is not None:
            words = words[1:]
        elif command.name in DEFAULTS:
            inner = command.get_command(context, DEFAULTS[command.name])
        if inner is None:
            break
        command = inner
    return command, words


def is_setting(text: str) -> bool:
    """Whether `--set` takes it: the key is one, or holds some."""
    key, equals, _ = text.partition("=")
    known = [setting.key.split(".") for setting in list_settings()]
    parts = key.split(".")
    return bool(equals) and any(
        len(parts) <= len(names) and all(a in (b, "NAME") for a, b in zip(names, parts, strict=False))
        for names in known
    )


def names_a_recipe(text: str) -> bool:
    return text in {*shipped_recipes(), *experiments(), *OF_A_LATER_MOMENT} or (ROOT / text).is_file()


def problems(line: str) -> list[str]:
    """What is wrong with a command, without running it. Of one that is only named, its arguments are not missed."""
    command, words = leaf(shlex.split(line)[1:])
    if isinstance(command, click.Group):
        is_known = not words or words[0] in ("--help", "-h", "--version") or PLACEHOLDER.fullmatch(words[0])
        return [] if is_known else [f"no command {words[0]}"]
    try:
        values, rest, _ = command.make_parser(click.Context(command)).parse_args(list(words))
    except click.UsageError as error:
        return [error.format_message()]
    wrong = [f"{word}: one too many" for word in rest]
    for parameter in command.params:
        value = values.get(parameter.name or "")
        given = [word for word in (value if isinstance(value, list | tuple) else [value]) if isinstance(word, str)]
        if words and not given and isinstance(parameter, click.Argument) and parameter.required:
            wrong.append(f"{parameter.name} is missing")
        for word in given:
            if PLACEHOLDER.fullmatch(word):
                continue
            if isinstance(parameter.type, click.Choice) and word not in parameter.type.choices:
                wrong.append(f"{word}: not one of {', '.join(parameter.type.choices)}")
            if parameter.name == "overrides" and not is_setting(word) and not PLACEHOLDER.search(word):
                wrong.append(f"--set {word}: no such setting")
            if parameter.name in ("recipe", "recipes") and not names_a_recipe(word) and not word.startswith("runs/"):
                wrong.append(f"{word}: no such recipe")
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_command_can_be_parsed(page: Path) -> None:
    wrong = {line: found for line in commands(read(page)) if (found := problems(line))}

    assert wrong == {}


@pytest.mark.parametrize(
    "line",
    [
        "msm-mlx rnu RECIPE",
        "msm-mlx run cheese_amercan",
        "msm-mlx run RECIPE --sed 1",
        "msm-mlx run RECIPE --set sft.row=3",
        "msm-mlx run --seed 0",
        "msm-mlx export RUN --arm sft --format pickle",
        "msm-mlx runs shwo latest",
    ],
)
def test_a_command_that_does_not_exist_is_seen(line: str) -> None:
    assert problems(line)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_settings_that_a_page_names_exist(page: Path) -> None:
    named = SETTING.findall(read(page))

    assert [key for key in named if not is_setting(f"{key}=")] == []


def test_the_page_of_commands_tells_of_every_command() -> None:
    page = read(ROOT / "docs" / "commands.md")

    assert {name for name in cli.lazy if f"`msm-mlx {name}" not in page} == set()


def test_the_page_of_recipes_tells_of_every_recipe() -> None:
    page = read(ROOT / "docs" / "recipes.md")

    assert {name for name in shipped_recipes() if f"`{name}`" not in page} == set()


def test_the_readme_fits_on_a_few_screens() -> None:
    assert len(README.read_bytes()) <= 8000
