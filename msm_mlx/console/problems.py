"""What is wrong, as every command says it: where and what, and below it what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from rich.console import Console
from rich.text import Text

from msm_mlx.console.tables import INDENT, indented
from msm_mlx.console.terminal import is_plain
from msm_mlx.text.problem_lines import group_problems, split_remedy
from msm_mlx.text.terminal import literal

ARROW, ASCII_ARROW = "\u2192 ", "-> "


def show_problems(console: Console, kind: Literal["error", "warning"], message: str) -> None:
    """Print a message whose lines are `PLACE: WHAT; REMEDY` behind their kind, each problem that is like others once.

    On a terminal a remedy has a line of its own. In files, pipes and plain lines a problem is one line.
    """
    head = Text.assemble((f"{kind}:", kind), " ")
    lines = group_problems(message.split("\n"))
    if not console.is_terminal or is_plain(console):
        console.print(head.append_text(literal("\n".join(lines))), soft_wrap=True)
        return
    for line in lines:
        for text in _laid_out(console, head, line, kind):
            console.print(text)
        head = Text()


def _laid_out(console: Console, head: Text, line: str, style: str) -> Iterator[Text]:
    what, remedy = split_remedy(line.strip())
    indent = line[: len(line) - len(line.lstrip())]
    yield from indented(console, console.options, head + literal(what), indent)
    if remedy:
        arrow = ASCII_ARROW if console.options.ascii_only else ARROW
        text = Text.assemble((arrow, style), literal(remedy))
        yield from indented(console, console.options, text, indent + INDENT)
