"""Everything that a key does in the app, in one table. Bindings, footer, help and command palette derive from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text
from textual.binding import Binding

from msm_mlx.console.tables import ConsoleTable


@dataclass(frozen=True)
class Action:
    """What keys do. `call` is the app's method `action_<call>`, with its argument if it takes one.

    `keys` are one after another as Textual names them, `shown` is how a person reads them; `footer` is the short name
    of those that stand in the footer.
    """

    group: str
    keys: tuple[str, ...]
    call: str
    name: str
    does: str
    footer: str = ""
    shown: str = ""

    @property
    def display(self) -> str:
        return self.shown or " ".join(self.keys)


ACTIONS = (
    Action("Anywhere", ("?",), "help", "Help", "this list", "Help"),
    Action("Anywhere", ("q", "ctrl+c"), "quit", "Quit", "leave", "Quit", shown="q"),
    Action("Prompts", ("n",), "step(1)", "Next prompt", "go to the next prompt of the list", "Next"),
    Action("Prompts", ("p",), "step(-1)", "Previous prompt", "go to the previous prompt of the list"),
    Action("Prompts", ("o",), "prompts", "Prompt list", "open or close the list of prompts", "Prompts"),
    Action("Prompts", ("f",), "filter", "Filter prompts", "list only prompts with the words that you type"),
    Action("Prompts", ("/",), "ask", "Ask", "type a prompt of your own; all shown arms answer it", "Ask"),
    Action("Answers", ("S",), "system", "System prompt", "answer under a system prompt of your own"),
    Action("Answers", ("P",), "prefill", "Begin answers", "answer from a beginning of your own"),
    Action("Answers", ("enter", "g"), "generate", "Generate", "let all shown arms answer now", "Generate"),
    Action("Answers", ("r",), "reseed", "Another seed", "answer again with the next seed, the same for every arm"),
    Action(
        "Answers", ("+", "="), "temperature(1)", "Warmer", "raise the temperature; at 0 the seed makes no difference"
    ),
    Action("Answers", ("-",), "temperature(-1)", "Cooler", "lower the temperature"),
    Action("Answers", ("]",), "length(1)", "Longer", "allow longer answers"),
    Action("Answers", ("[",), "length(-1)", "Shorter", "cut answers off earlier"),
    Action("Answers", ("escape",), "stop", "Stop", "stop generating; else end blind mode; else close the list"),
    Action("Answers", tuple("123456789"), "toggle_arm", "Arms", "show or hide that arm; two to four", shown="1-9"),
    Action("Votes", ("a",), "vote('a')", "A is better", "vote for the left answer", "A"),
    Action("Votes", ("b",), "vote('b')", "B is better", "vote for the right answer", "B"),
    Action("Votes", ("t",), "vote('tie')", "Tie", "vote that both are as good", "Tie"),
    Action("Votes", ("x",), "vote('both bad')", "Both bad", "vote that neither is any good", "Both bad"),
    Action("Blind", ("b",), "blind", "Blind mode", "hide which is which of two of the shown arms, and vote", "Blind"),
    Action("Blind", ("v",), "votes", "Votes so far", "win rates and side bias of all votes of this run"),
    Action("Views", ("d",), "diff", "Word diff", "mark the words in which the first two answers differ", "Diff"),
    Action("Views", ("m",), "rendered", "Markdown", "show answers as rendered Markdown, or raw as they were written"),
    Action("Views", ("w",), "why", "Why", "the part of the spec that bears on this prompt"),
    Action("Views", ("D",), "documents", "Documents", "read and search the documents that an arm was trained on"),
    Action("Views", ("s",), "scores", "Scores", "the evaluation's scores and differences, with intervals"),
    Action("Views", ("l",), "curves", "Losses", "training curves of the arms"),
    Action("Out", ("e",), "export", "Export", "write this comparison as Markdown and JSON", "Export"),
    Action("Out", ("E",), "export_all", "Export all", "write every comparison seen so far"),
    Action("Out", ("c",), "copy", "Copy", "copy this comparison to the clipboard"),
)


def bindings() -> list[Binding]:
    """A binding for every key. An action with several keys and no argument of its own is told which one it was."""
    return list(_bindings())


def _bindings() -> Iterator[Binding]:
    for action in ACTIONS:
        for number, key in enumerate(action.keys):
            call = f"{action.call}({key})" if key.isdecimal() else action.call
            yield Binding(key, call, action.footer or action.name, show=bool(action.footer) and number == 0)


def help_table() -> ConsoleTable:
    """The table as a person reads it."""
    table = ConsoleTable(show_header=False, box=None, padding=(0, 2), pad_edge=False, collapse_padding=True)
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column()
    group = ""
    for action in ACTIONS:
        if action.group != group:
            group = action.group
            table.add_row(Text(group, "bold underline"))
        table.add_row(Text(action.display, "bold", justify="right"), Text(action.name), Text(action.does))
    table.add_row(Text("Besides", "bold underline"))
    table.add_row(
        Text("tab", "bold", justify="right"), Text("Next pane"), Text("arrows scroll it; the mouse works too")
    )
    table.add_row(Text("ctrl+p", "bold", justify="right"), Text("Palette"), Text("find any of these by name"))
    return table
