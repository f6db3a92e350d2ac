"""Answer panes: the arm's name above, what it wrote, and how fast it wrote and why it stopped below."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Markdown

from msm_mlx.compare.diff import word_diff
from msm_mlx.compare.screens.growing_text import GrowingText
from msm_mlx.compare.screens.state import MAX_PANES, ShownAnswer
from msm_mlx.text.terminal import literal

CHANGE_STYLE = "bold underline"  # seen without colour too
STOPS = {"end": "ended", "length": "cut at length", "cancelled": "cancelled"}


@dataclass(frozen=True)
class PaneContent:
    """What a pane shows. `markdown` replaces `body` where the answer is to be rendered."""

    title: Text
    body: Text
    foot: Text
    markdown: str | None = None
    writing: bool = False


def pane_content(
    title: str, answer: ShownAnswer | None, *, rendered: bool, hide_speed: bool = False, asked_as_now: bool = True
) -> PaneContent:
    """The pane of one answer. What is still being written is shown raw: half a Markdown document is another one.

    asked_as_now: whether what stood before the answer is what stands before the next one.
    """
    if answer is None:
        return PaneContent(literal(title), Text("no answer yet: enter generates one", "dim italic"), Text())
    foot = Text(("" if asked_as_now else "asked otherwise · ") + _foot(answer, hide_speed))
    if answer.complete and not answer.text:
        return PaneContent(literal(title), Text("(empty)", "dim italic"), foot)
    markdown = literal(answer.text).plain if rendered and answer.complete else None
    return PaneContent(literal(title), literal(answer.text), foot, markdown, writing=not answer.complete)


def _foot(answer: ShownAnswer, hide_speed: bool) -> str:
    if answer.settings is None:
        return "stored"
    speed = "" if hide_speed or not answer.tokens else f"{answer.tokens_per_second:.0f} tok/s"
    state = STOPS[answer.stop] if answer.stop else "writing" if answer.tokens else "waiting"
    return " · ".join(part for part in (f"{answer.tokens} tok" if answer.tokens else "", speed, state) if part)


def diff_texts(a: str, b: str) -> tuple[Text, Text]:
    """Both texts with the words marked that the other has not."""
    bodies = []
    for spans in word_diff(a, b):
        body = Text(overflow="fold")
        for span in spans:
            body.append_text(literal(span.text, CHANGE_STYLE if span.changed else ""))
        bodies.append(body)
    return bodies[0], bodies[1]


class AnswerPane(VerticalScroll):
    """One answer. Follows what is being written until somebody scrolls."""

    def __init__(self, number: int) -> None:
        super().__init__(id=f"pane{number}", classes="pane")
        self.number = number - 1
        self._view: PaneContent | None = None

    def compose(self) -> ComposeResult:
        yield GrowingText()

    def show(self, view: PaneContent) -> None:
        if view == self._view:
            return
        before, self._view = self._view, view
        self.border_title = Content.from_rich_text(view.title)
        self.border_subtitle = Content.from_rich_text(view.foot)
        raw = self.query_one(GrowingText)
        raw.display = view.markdown is None
        raw.show(view.body)
        if before is None or before.markdown != view.markdown:
            self._render_markdown(view.markdown)
        if view.writing and before and before.writing:
            self.call_after_refresh(self._follow)
        elif before and before.writing:
            self.call_after_refresh(self.anchor, False)  # once the last words are in view
        else:
            self.anchor(False)
            self.scroll_home(animate=False)

    def _follow(self) -> None:
        """Keep the end in view, if there is more than fits: an anchor under less than that shows it too far down."""
        if self.max_scroll_y > 0 and not self.is_anchored:
            self.anchor()
        elif self.max_scroll_y <= 0 and self.is_anchored:
            self.anchor(False)
            self.scroll_home(animate=False)

    def _render_markdown(self, text: str | None) -> None:
        for widget in self.query(Markdown):
            widget.remove()
        if text is not None:
            self.mount(Markdown(text, open_links=False))


class Panes(Container):
    """Up to four answer panes, side by side where there is room. The stylesheet decides where there is."""

    def compose(self) -> ComposeResult:
        for number in range(1, MAX_PANES + 1):
            yield AnswerPane(number)

    def show(self, views: list[PaneContent]) -> None:
        for number in range(1, MAX_PANES + 1):
            self.set_class(len(views) == number, f"-panes{number}")
            pane = self.query_one(f"#pane{number}", AnswerPane)
            pane.display = number <= len(views)
            if pane.display:
                pane.show(views[number - 1])
