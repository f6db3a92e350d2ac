"""What opens over the state: a page to read, and a line to type a prompt in."""

from __future__ import annotations

from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from msm_mlx.compare.screens.text_field import TextField
from msm_mlx.text.terminal import literal, visible

CLOSE = Text("esc closes · arrows scroll")


class Page(ModalScreen[None]):
    """Something to read. `title` is taken as it is, so untrusted words in it must be literal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "dismiss", "Close"),
        Binding("ctrl+c", "app.quit", show=False),
    ]

    def __init__(self, title: Text, body: RenderableType) -> None:
        super().__init__()
        self._heading = title
        self._body = body

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="page") as page:
            page.border_title = Content.from_rich_text(self._heading)
            page.border_subtitle = Content.from_rich_text(CLOSE)
            yield Static(self._body, markup=False)


class AskPage(ModalScreen[str]):
    """A line to type a prompt in, with an `example` as long as it is empty. Gives back the prompt, or an empty text."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss('')", "Cancel", priority=True)]

    def __init__(self, model_name: str, example: str) -> None:
        super().__init__()
        self._model_name, self._example = model_name, " ".join(visible(example).split())

    def compose(self) -> ComposeResult:
        with Vertical(classes="ask") as box:
            box.border_title = Content.from_rich_text(literal(f"Ask {self._model_name}"))
            box.border_subtitle = Content("enter asks · esc cancels")
            yield TextField(f"such as: {self._example}" if self._example else "every shown arm answers this")

    @on(Input.Submitted)
    def _ask(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())
