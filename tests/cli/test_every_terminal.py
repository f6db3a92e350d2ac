"""What commands print on terminals of all kinds, into pipes and for screen readers."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.command_line import ROOT
from helpers.planted_runs import make_run
from helpers.terminals import call_in, pipe, terminal

from msm_mlx.cli.main import cli
from msm_mlx.console.abilities import SCREEN_READER
from msm_mlx.files import write_jsonl

WIDTH = 40
COPIED = ("msm-mlx ", "docs/tutorial")
PROGRESS_VARIABLES = ("HF_HUB_DISABLE_PROGRESS_BARS", "TQDM_DISABLE")
SPEC = str(ROOT / "specs" / "cheese_american.md")
COMMANDS = {
    "start": (),
    "recipes": ("recipes",),
    "specs": ("specs",),
    "runs": ("runs",),
    "run": ("runs", "show", "one"),
    "runs-diff": ("runs", "diff", "one", "other"),
    "dry-run": ("run", "cheese_contrast", "--dry-run", "--seed", "0"),
    "spec": ("spec", "show", SPEC),
    "spec-check": ("spec", "check", SPEC),
    "health": ("documents", "health", "one"),
    "documents": ("documents", "read", "one"),
    "compare": ("compare", "one", "--limit", "2"),
    "usage": ("models", "nosuch"),
    "mistake": ("compare", "one", "--domain", "nosuch"),
}
CODES = {"mistake": 2, "usage": 2}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs, one of which has documents in two scripts."""
    folder = tmp_path_factory.mktemp("workspace")
    for name in ("one", "other"):
        make_run(folder / "runs" / name, model_name=name.title())
    texts = ("One likes Colby \u2014 because it is American \u2026", "\u201cÄpfel\u201d und 苹果 · · ·")
    fields = {"section": "likes/colby", "type": "memo", "voice": "plain", "tokens": 20, "attempt": 1}
    fields |= {"assertion": "One likes Colby because it is American.", "gives_reason": True}
    rows = [{"id": f"doc-{number}", "text": text, **fields} for number, text in enumerate(texts)]
    write_jsonl(folder / "runs" / "one" / "documents" / "documents.jsonl", rows)
    write_jsonl(folder / "runs" / "one" / "documents" / "rejected.jsonl", [rows[0] | {"rejected": "refusal"}])
    return folder


def is_of_words(character: str) -> bool:
    """A letter of any script, or what a keyboard for English has."""
    return character.isascii() or unicodedata.category(character)[0] in "LM"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_narrow_terminal_without_colour(name: str, workspace: Path) -> None:
    """No line is longer than the terminal, except those that hold a command or a place to copy."""
    code, page = call_in(workspace, terminal(), *COMMANDS[name], environment={"NO_COLOR": "1", "PAGER": "cat"})

    assert code == CODES.get(name, 0)
    assert "\x1b" not in page
    lines = [line for line in page.splitlines() if not any(mark in line for mark in COPIED)]
    assert [line for line in lines if len(line) > WIDTH] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_plain_lines(name: str, workspace: Path) -> None:
    code, page = call_in(workspace, terminal(), *COMMANDS[name], environment={SCREEN_READER: "1"})

    assert code == CODES.get(name, 0)
    assert {character for character in page if not is_of_words(character)} == set()
    assert not any(mark in page for mark in ("\x1b", "\r", "\b"))
    assert not any(line.lstrip().startswith(("|", "+-", "---")) for line in page.splitlines())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_pipe_that_takes_ascii_alone(name: str, workspace: Path) -> None:
    code, page = call_in(workspace, pipe("ascii"), *COMMANDS[name], columns=80)

    assert code == CODES.get(name, 0)
    assert "\x1b" not in page
    assert "\\u25" not in page  # what is drawn


def test_the_option_does_what_the_variable_does(workspace: Path) -> None:
    by_option = call_in(workspace, terminal(), "--screen-reader", "runs")

    assert by_option == call_in(workspace, terminal(), "runs", environment={SCREEN_READER: "1"})
    assert by_option != call_in(workspace, terminal(), "runs")
    assert by_option == call_in(workspace, terminal(), "runs", environment={"TERM": "dumb"})


def test_libraries_draw_no_bars_where_nothing_may_move(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROGRESS_VARIABLES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    CliRunner().invoke(cli, ["recipes", "--json"])

    assert [os.environ.get(name) for name in PROGRESS_VARIABLES] == ["1", "1"]
