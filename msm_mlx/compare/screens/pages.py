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


class LinePage(ModalScreen[str | None]):
    """A line to type in, with what it holds now, and a `hint` as long as it is empty. Gives back what it holds on
    enter, and None on escape.

    Args:
        title: what is typed, and `enter` what that key does with it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", priority=True)]

    def __init__(self, title: str, enter: str, hint: str, value: str = "") -> None:
        super().__init__()
        self._heading, self._enter, self._hint, self._value = title, enter, " ".join(visible(hint).split()), value

    def compose(self) -> ComposeResult:
        with Vertical(classes="ask") as box:
            box.border_title = Content.from_rich_text(literal(self._heading))
            box.border_subtitle = Content(f"{self._enter} · esc cancels")
            yield TextField(self._hint, self._value)

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())
