"""A browser of the documents that an arm has read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from msm_mlx.compare.screens.text_field import TextField
from msm_mlx.text.terminal import literal

MATCH_STYLE = "reverse"


@dataclass(frozen=True)
class ListedDocument:
    """A document, and in a few words what kind it is."""

    id: str
    kind: str
    section: str
    text: str


@dataclass(frozen=True)
class DocumentList:
    """The documents that some arms have read, all the same ones."""

    labels: tuple[str, ...]
    documents: tuple[ListedDocument, ...]


def search_documents(documents: Sequence[ListedDocument], query: str) -> list[ListedDocument]:
    """The documents that hold `query`, in their text, kind or section; upper or lower case."""
    folded = query.casefold()
    return [d for d in documents if folded in f"{d.text}\n{d.kind}\n{d.section}\n{d.id}".casefold()]


class DocumentBrowser(ModalScreen[None]):
    """A list on the left, the highlighted document on the right, a line to search in above."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close"),
        Binding("q", "dismiss", "Close"),
        Binding("/,f", "search", "Search"),
        Binding("n", "next_list", "Next arm"),
        Binding("ctrl+c", "app.quit", show=False),
    ]

    def __init__(self, document_lists: Sequence[DocumentList], first: int) -> None:
        super().__init__()
        self._lists = document_lists
        self._at = first
        self._matches: list[ListedDocument] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="page", id="documents") as page:
            page.border_subtitle = Content("/ search · n next arm · tab scroll the text · esc close")
            yield TextField("search (press /)")
            with Horizontal():
                yield OptionList(markup=False, compact=True)
                with VerticalScroll():
                    yield Static(markup=False)

    def on_mount(self) -> None:
        self._fill()
        self.query_one(OptionList).focus()

    def action_leave(self) -> None:
        """Out of a search first, then out of the browser."""
        field = self.query_one(Input)
        if field.value or field.has_focus:
            field.value = ""
            self.query_one(OptionList).focus()
        else:
            self.dismiss()

    def action_search(self) -> None:
        self.query_one(Input).focus()

    def action_next_list(self) -> None:
        self._at = (self._at + 1) % len(self._lists)
        self._fill()

    @on(Input.Changed)
    def _fill(self) -> None:
        documents = self._lists[self._at]
        self._matches = search_documents(documents.documents, self.query_one(Input).value)
        title = literal(f"Read by {', '.join(documents.labels)}")
        title.append(f" · {len(self._matches)} of {len(documents.documents)}")
        self.query_one("#documents").border_title = Content.from_rich_text(title)
        options = [Option(Content.from_rich_text(literal(f"{d.kind} · {d.section}"))) for d in self._matches]
        option_list = self.query_one(OptionList)
        option_list.set_options(options)
        option_list.highlighted = 0 if options else None
        if not options:
            self.query_one(Static).update(Text("nothing found", "italic"))

    @on(Input.Submitted)
    def _to_the_list(self) -> None:
        self.query_one(OptionList).focus()

    @on(OptionList.OptionHighlighted)
    def _read(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index >= len(self._matches):
            return  # of a list that a later search has replaced
        document = self._matches[event.option_index]
        body = literal(document.text)
        if query := self.query_one(Input).value:
            body.highlight_regex(re.compile(re.escape(literal(query).plain), re.IGNORECASE), MATCH_STYLE)
        head = literal(f"{document.id} · {document.kind} · {document.section}\n\n", "dim")
        self.query_one(Static).update(head.append_text(body))
        self.query_one(VerticalScroll).scroll_home(animate=False)
