"""Text that grows while it is shown."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Resize
from textual.widgets import Static

LONG = 1200  # characters that are cheap to wrap again on every beat


class GrowingText(Vertical):
    """Literal text in pieces: what stands in full lines is settled, and only the rest is wrapped again as it grows.

    To wrap all of a long answer at every beat would leave no time for keys.
    """

    def __init__(self) -> None:
        super().__init__(classes="growing")
        self._body = Text()
        self._settled = 0  # characters of the body in all pieces but the last
        self._width = 0

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show(self, body: Text) -> None:
        """Show a text, which costs little if it goes on from the one before."""
        if body == self._body and body.spans == self._body.spans:
            return
        goes_on = not body.spans and bool(self._body) and body.plain.startswith(self._body.plain)
        self._body = body
        if not goes_on:
            self._begin_anew()
        self._put(body[self._settled :])

    def on_resize(self, event: Resize) -> None:
        """Settled lines are full at one width only."""
        if event.size.width != self._width:
            self._width = event.size.width
            if self._settled:
                self._begin_anew()
                self._put(self._body)

    def _begin_anew(self) -> None:
        self._settled = 0
        for piece in list(self.query(Static))[:-1]:
            piece.remove()

    def _put(self, rest: Text) -> None:
        last = list(self.query(Static))[-1]
        last.update(rest)
        if len(rest) > LONG and not rest.spans and self._width:
            line = rest.wrap(self.app.console, self._width)[-1].plain.rstrip()
            full = len(rest.plain.rstrip()) - len(line)
            if line and full > 0 and rest.plain.rstrip().endswith(line):
                last.update(Text(rest.plain[:full].removesuffix("\n").rstrip(" "), overflow="fold"))
                self._settled += full
                self.mount(Static(rest[full:], markup=False))
