"""Streams that are terminals or pipes, and what was written to them."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

from msm_mlx.cli.main import main
from msm_mlx.console.abilities import SCREEN_READER

TERMINAL_NAMES = {
    *("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM", "COLORTERM", "COLORFGBG"),
    SCREEN_READER,
}


class FakeTerminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def terminal(encoding: str = "utf-8") -> io.TextIOWrapper:
    return FakeTerminal(io.BytesIO(), encoding=encoding, errors="strict")


def pipe(encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")


def shown(stream: io.TextIOWrapper) -> str:
    """All that was written."""
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(stream.encoding)


def call_in(
    folder: Path,
    output: io.TextIOWrapper,
    *arguments: str | Path,
    columns: int = 40,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """The exit code of `msm-mlx` in this process, and what it wrote to `output`, which is both stdout and stderr.

    Of the environment only what is given says anything about terminals.
    """
    words = [str(argument) for argument in arguments]
    silent = {name: value for name, value in os.environ.items() if name not in TERMINAL_NAMES}
    code = 0
    with (
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, silent | {"COLUMNS": str(columns)} | dict(environment or {}), clear=True),
        mock.patch.object(sys, "argv", ["msm-mlx", *words]),
        mock.patch.object(sys, "stdin", pipe()),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return code, shown(output)
