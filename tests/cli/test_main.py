"""An error that nobody expected is told with what is known of it, and blamed on nobody."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import Any

import click
import pytest

from msm_mlx.cli import main as entry


@pytest.fixture
def end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """What a command that ends by `error` prints, with its exit code."""

    def end_by(error: BaseException, *words: str) -> tuple[int, str]:
        @click.command(context_settings={"ignore_unknown_options": True})
        @click.argument("words", nargs=-1)
        def fails(words: Any) -> None:
            raise error

        monkeypatch.setattr(entry, "cli", fails)
        monkeypatch.setattr(sys, "argv", ["msm-mlx", *words])
        with pytest.raises(SystemExit) as ended:
            entry.main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().err

    return end_by


def test_an_error_without_an_established_cause_is_blamed_on_nobody(end: Callable[..., tuple[int, str]]) -> None:
    code, said = end(KeyError("x"))
    assert code == 1
    assert said.startswith("error: unexpected KeyError: 'x' (")
    assert "test_main.py:" in said
    assert "whether msm-mlx or what it was given is at fault is not known" in said
    assert "bug" not in said


def test_an_error_with_an_established_cause_says_it_and_what_to_do(end: Callable[..., tuple[int, str]]) -> None:
    code, said = end(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert code == 3
    assert said.startswith("error: the disk is full: OSError: [Errno 28] No space left on device")
    assert said.endswith("; free some space, and run the same command again\n")


@pytest.mark.parametrize(
    ("word", "goes_on"), [("run", True), ("sft", True), ("validate", False), ("compare run", False)]
)
def test_only_a_command_that_keeps_its_work_is_said_to_go_on(
    word: str, goes_on: bool, end: Callable[..., tuple[int, str]]
) -> None:
    code, said = end(KeyboardInterrupt(), *word.split())
    assert code == 130
    assert ("goes on where it stopped" in said) == goes_on
