"""`msm-mlx documents` is a group that still takes a recipe in place of a command."""

from __future__ import annotations

import pytest
from helpers.command_line import Cli


@pytest.mark.parametrize("arguments", [["nonsense"], ["write", "nonsense"], ["--json", "nonsense"]])
def test_what_is_no_command_is_a_recipe(cli: Cli, arguments: list[str]) -> None:
    done = cli("documents", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: nonsense: no such file, and no recipe of that name")


def test_options_are_those_of_writing(cli: Cli) -> None:
    done = cli("documents", "nonsense", "--nope")
    assert done.returncode == 2
    assert done.stderr.startswith("error: --nope: no such option")
    assert done.stderr.endswith("; `msm-mlx documents write --help` shows what there is\n")
