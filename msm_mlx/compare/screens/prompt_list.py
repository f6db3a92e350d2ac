"""The list of prompts by suite and domain, with a filter."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from msm_mlx.compare.screens.text_field import TextField
from msm_mlx.compare.session import Prompt
from msm_mlx.text.terminal import literal


class PromptChosen(Message):
    """Somebody wants to look at a prompt. `done`: and is through with the list."""

    def __init__(self, prompt_id: str, done: bool) -> None:
        super().__init__()
        self.prompt_id = prompt_id
        self.done = done


def heading(prompt: Prompt) -> str:
    """Under what a prompt stands in the list."""
    return f"{prompt.suite} · {prompt.domain}" if prompt.suite else "your own"


def short(prompt: Prompt) -> str:
    """A prompt in a few words: a forced choice is its two options."""
    text = f"{prompt.item.target} | {prompt.item.other}" if prompt.item else prompt.text
    return " ".join(text.split())


def filter_prompts(prompts: Sequence[Prompt], query: str) -> list[Prompt]:
    """The prompts that hold every word of `query`, in their text or in the heading that they stand under."""
    words = query.casefold().split()
    return [p for p in prompts if all(word in f"{heading(p)} {p.text}".casefold() for word in words)]


class PromptList(Vertical):
    """What stands highlighted is what the panes show."""

    def compose(self) -> ComposeResult:
        yield TextField("words to look for")
        yield OptionList(markup=False, compact=True)

    def on_mount(self) -> None:
        self.query_one(Input).display = False

    def fill(self, prompts: Sequence[Prompt], current: str) -> None:
        """List `prompts` under their headings."""
        options: list[Option] = []
        for name, group in groupby(prompts, key=heading):
            options.append(Option(Content.from_rich_text(literal(name, "bold")), disabled=True))
            options += [Option(Content.from_rich_text(literal(short(p))), id=p.id) for p in group]
        option_list = self.query_one(OptionList)
        option_list.set_options(options or [Option("nothing found", disabled=True)])
        self.point(current)

    def point(self, current: str) -> None:
        """Highlight the prompt that is looked at, if it is listed."""
        option_list = self.query_one(OptionList)
        ids = [option.id for option in option_list.options]
        option_list.highlighted = ids.index(current) if current in ids else None

    @property
    def filter(self) -> str:
        return self.query_one(Input).value

    def open_filter(self) -> None:
        field = self.query_one(Input)
        field.display = True
        field.focus()

    def close_filter(self) -> None:
        field = self.query_one(Input)
        field.value = ""
        field.display = False

    @on(OptionList.OptionHighlighted)
    def _look(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_id and event.option_list.has_focus:
            self.post_message(PromptChosen(event.option_id, done=False))

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id:
            self.post_message(PromptChosen(event.option_id, done=True))

    @on(Input.Submitted)
    def _to_the_list(self, event: Input.Submitted) -> None:
        event.stop()
        option_list = self.query_one(OptionList).focus()
        if option_list.highlighted is None:
            option_list.action_first()
