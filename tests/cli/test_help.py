"""The help pages: four of them word for word, and of all the rest what a reader relies on.

`WRITE_GOLDENS=1 pytest tests/cli/test_help.py` writes the four anew.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from msm_mlx.cli import documents, models, runs, spec
from msm_mlx.cli.lazy import LazyGroup
from msm_mlx.cli.main import SECTIONS, cli

GOLDEN = Path(__file__).parents[1] / "golden"
COMMANDS = [name for section in SECTIONS.values() for name in section]
PAGES = (
    "msm-mlx",
    *COMMANDS,
    *(f"documents {name}" for name in documents.COMMANDS),
    *(f"spec {name}" for name in spec.spec.commands),
    *(f"runs {name}" for name in runs.runs.commands),
)


def page(name: str, width: int = 80) -> str:
    arguments = ["--help"] if name == "msm-mlx" else [*name.split(), "--help"]
    result = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(
        cli, arguments, prog_name="msm-mlx", terminal_width=width
    )
    assert result.exit_code == 0
    return result.output


def examples(text: str) -> list[list[str]]:
    """The words of every example of a page, after `msm-mlx`."""
    lines = text.partition("Examples:\n")[2].partition("\n\n")[0].splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.strip().startswith("msm-mlx ")]


def parse(words: list[str]) -> None:
    """Raises UsageError where there is no such command or option."""
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group) and words and (inner := command.get_command(context, words[0])):
        command, context, words = inner, click.Context(inner, parent=context), words[1:]
    assert command is not cli
    command.make_parser(context).parse_args(list(words))


@pytest.mark.parametrize("name", ["msm-mlx", "run", "compare", "documents"])
def test_a_page_word_for_word(name: str) -> None:
    golden = GOLDEN / f"help-{name}.txt"
    if os.environ.get("WRITE_GOLDENS"):
        golden.write_text(page(name), encoding="utf-8")

    assert page(name) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_there_and_its_examples_name_what_there_is(name: str) -> None:
    text = page(name)

    assert text.startswith("Usage: msm-mlx")
    for words in examples(text):
        parse(words)


def test_most_pages_have_an_example() -> None:
    assert sum(bool(examples(page(name))) for name in PAGES) >= len(PAGES) / 2 - 1


@pytest.mark.parametrize("group", [cli, documents.documents, models.models])
def test_a_list_of_commands_says_of_each_what_its_own_help_begins_with(group: LazyGroup) -> None:
    context = click.Context(group)
    for name, lazy in group.lazy.items():
        command = group.get_command(context, name)
        assert command is not None
        assert lazy.summary == command.get_short_help_str(limit=100)


@pytest.mark.parametrize("group", ["msm-mlx", "documents", "spec", "runs"])
def test_no_line_about_a_command_is_cut_off(group: str) -> None:
    text = page(group)
    assert "..." not in text.partition("--help")[2]
    assert text.rstrip().endswith(".")


def test_each_command_is_told_on_one_line_under_one_heading() -> None:
    text = page("msm-mlx").partition("Start here:\n")[2]
    told = [line.split()[0] for line in text.splitlines() if line.startswith("  ")]

    assert told == list(COMMANDS)
    assert len(set(told)) == len(told)
    assert [line for line in text.splitlines() if line.endswith(":")] == ["Run:", "Look:", "Share:"]


def test_help_fits_into_40_columns() -> None:
    assert max(map(len, page("msm-mlx", width=40).splitlines())) <= 40
