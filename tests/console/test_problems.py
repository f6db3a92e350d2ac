"""What is wrong is one line in a file, and on a terminal what to do stands below it."""

from __future__ import annotations

import io

import pytest

from msm_mlx.console.problems import show_problems
from msm_mlx.console.terminal import TerminalConsole

ONE = "runs/cheese/run.json: is damaged: '{; '; move the folder away, or choose another with --run-dir"
SEVERAL = (
    "2 problems\na.yaml:3:5 lora.rang: unknown key (did you mean rank?)\na.jsonl:2: is a pair; write the chosen chat"
)


class Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def shown(message: str, width: int, stream: io.StringIO | None = None, **environment: str) -> list[str]:
    stream = stream or Screen()
    console = TerminalConsole(stream, {"TERM": "xterm", "NO_COLOR": "1"} | environment)
    console.width = width
    show_problems(console, "error", message)
    return stream.getvalue().splitlines()


def test_a_problem_is_one_line_in_a_file() -> None:
    assert shown(ONE, 40, io.StringIO()) == [f"error: {ONE}"]
    assert shown(SEVERAL, 40, io.StringIO()) == f"error: {SEVERAL}".splitlines()


def test_on_a_terminal_the_remedy_stands_below() -> None:
    assert shown(ONE, 80) == [
        "error: runs/cheese/run.json: is damaged: '{; '",
        "  \u2192 move the folder away, or choose another with --run-dir",
    ]
    assert shown(SEVERAL, 80) == [
        "error: 2 problems",
        "a.yaml:3:5 lora.rang: unknown key (did you mean rank?)",
        "a.jsonl:2: is a pair",
        "  \u2192 write the chosen chat",
    ]


def test_what_takes_further_lines_stands_deeper() -> None:
    lines = shown(ONE, 40)
    assert lines == [
        "error: runs/cheese/run.json: is",
        "  damaged: '{; '",
        "  \u2192 move the folder away, or choose",
        "    another with --run-dir",
    ]


def test_a_screen_reader_hears_one_line() -> None:
    assert shown(ONE, 200, MSM_MLX_SCREEN_READER="1") == [f"error: {ONE}"]


@pytest.mark.parametrize("text", ["\x1b[31mred", "[red]red"])
def test_what_a_message_quotes_is_no_command(text: str) -> None:
    assert "\x1b" not in "".join(shown(f"a: {text}; {text}", 80))
    assert "[" in shown(f"a: {text}", 80)[0]
