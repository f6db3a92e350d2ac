"""The main screen: the state of the comparison, and what the engine writes. What keys do is in `compare/app.py`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rich.text import Text
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.css.query import NoMatches
from textual.timer import Timer
from textual.widgets import Footer, Input, OptionList, Static

from msm_mlx.compare.answer_engine import AnswerEngine
from msm_mlx.compare.screens.answer_panes import AnswerPane, PaneContent, Panes, diff_texts, pane_content
from msm_mlx.compare.screens.blind_rounds import BlindRound, BlindRounds
from msm_mlx.compare.screens.engine_feed import EngineFeed
from msm_mlx.compare.screens.prompt_list import PromptChosen, PromptList, filter_prompts, heading
from msm_mlx.compare.screens.score_bars import ArmRow, ScoreBars, ScoreRows
from msm_mlx.compare.screens.state import ComparisonState
from msm_mlx.compare.session import Session
from msm_mlx.errors import MsmError
from msm_mlx.text.terminal import literal

REFRESH_SECONDS = 1 / 20  # seconds between two looks at what the engine has written
PREFACE_WIDTH = 34  # cells of a line about what stands before the answers, which fit above the prompt at 80 columns
HIDDEN_NOTE = "The names and the scores come after your vote."


def shorten(line: str) -> str:
    """A line that leaves room for the prompt below it."""
    return line if len(line) <= PREFACE_WIDTH else f"{line[: PREFACE_WIDTH - 1]}…"


class MainView(App[None]):
    """Prompts on one side or behind a key, the prompt with the arms' scores above, their answers below."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "msm-mlx compare"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-wide"), (110, "-roomy"), (160, "-huge")]  # noqa: RUF012

    def __init__(self, session: Session, build_engine: Callable[[], AnswerEngine]) -> None:
        super().__init__()
        self.state = ComparisonState(session)
        self.feed = EngineFeed(self.state, build_engine)
        self.blind: BlindRounds | None = None
        self.rendered = False
        self.diffing = False
        self._message = ""
        self._refresh_timer: Timer | None = None
        self._lines: dict[str, str] = {}
        self._key_state = (False, False, False)

    def compose(self) -> ComposeResult:
        with Horizontal(id="main"):
            yield PromptList()
            with Vertical(id="work"):
                with Horizontal(id="question"):
                    with VerticalScroll(id="prompt", can_focus=False):
                        yield Static(markup=False)
                    with VerticalScroll(id="scores", can_focus=False):
                        yield ScoreBars()
                yield Panes()
        with Horizontal(id="status"):
            yield Static(id="message", markup=False)
            yield Static(id="settings", markup=False)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._refresh_timer = self.set_interval(REFRESH_SECONDS, self.receive_answers, pause=True)
        self.fill_list()
        self.query_one("#pane1").focus()
        self.show()

    # --- what is shown ---------------------------------------------------------------------------------------------

    @property
    def round(self) -> BlindRound | None:
        """The blind round of the prompt that is looked at, in blind mode."""
        return self.blind.deal(self.state.prompt, self.state.shown) if self.blind and self.state.prompt else None

    @property
    def names_hidden(self) -> bool:
        return self.round is not None and self.round.choice is None

    @property
    def votable(self) -> bool:
        """Whether there is something to vote on: a round without a vote, and both answers complete."""
        answers = [self.state.answer(label) for label in self.labels]
        return self.names_hidden and all(answer is not None and answer.complete for answer in answers)

    @property
    def labels(self) -> list[str]:
        """The arms in the panes, from left to right."""
        return [self.round.left, self.round.right] if self.round else self.state.shown

    def show(self) -> None:
        """Everything anew, after a step to another prompt or a change of what is shown."""
        self.state.mark_seen()
        prompt = self.state.prompt
        box = self.query_one("#prompt")
        title = literal(f"{self.state.place} · {heading(prompt)}") if prompt else Text("no prompts")
        box.border_title = Content.from_rich_text(title)
        text = (
            literal(prompt.text) if prompt else Text("These runs have no suites. Press / and type a prompt.", "italic")
        )
        lines = (shorten(line) for line in self.state.settings.preface.in_words())
        preface = Text.assemble(*(literal(f"{line}\n", "dim") for line in lines))
        box.query_one(Static).update(preface.append_text(text))
        self.query_one(PromptList).point(prompt.id if prompt else "")
        self.show_scores()
        self.show_answers()

    def show_scores(self) -> None:
        state, item = self.state, self.state.prompt.item if self.state.prompt else None
        arms = tuple(
            ArmRow(number, label, label in self.labels, state.margin(label))
            for number, label in enumerate(state.order, 1)
        )
        note = HIDDEN_NOTE if self.names_hidden else ""
        rows = ScoreRows(arms, item.target if item else "", item.other if item else "", note)
        self.query_one(ScoreBars).rows = rows
        self.query_one("#scores").border_title = Content("arms · log-odds of the choice" if item else "arms")

    def show_answers(self) -> None:
        """The panes, the line of status and the keys that make sense now."""
        self.query_one(Panes).show(self._views())
        settings = self.state.settings
        filters = "".join(f" · {words}" for words in settings.filters)
        line = f"seed {settings.seed} · temp {settings.temperature:g}{filters} · {settings.max_tokens} tok"
        self._put("#settings", line, layout=True)
        self._put("#message", self._status(), layout=False)
        self._refresh_keys()

    def _put(self, selector: str, text: str, *, layout: bool) -> None:
        """Set a line of the status bar, if it is another one than before: what does not change costs nothing."""
        if self._lines.get(selector) != text:
            self._lines[selector] = text
            self.query_one(selector, Static).update(literal(text), layout=layout)

    def _refresh_keys(self) -> None:
        """Let the footer follow what keys do now. It is built anew each time, which is too slow for every beat."""
        state = (self.blind is not None, self.names_hidden, self.votable)
        if state != self._key_state:
            self._key_state = state
            self.refresh_bindings()

    def _views(self) -> list[PaneContent]:
        answers = [self.state.answer(label) for label in self.labels]
        views = [
            pane_content(
                self._title(number, label),
                answer,
                rendered=self.rendered,
                hide_speed=self.names_hidden,
                asked_as_now=answer is None or answer.preface == self.state.settings.preface,
            )
            for number, (label, answer) in enumerate(zip(self.labels, answers, strict=True))
        ]
        if self.diffing and len(answers) > 1:
            a, b = answers[:2]
            if a and b and a.complete and b.complete:
                for i, body in enumerate(diff_texts(a.text, b.text)):
                    views[i] = PaneContent(views[i].title, body, views[i].foot)
        return views

    def _title(self, number: int, label: str) -> str:
        if self.round is None:
            return label
        side = "AB"[number]
        if self.round.choice is None:
            return side
        return f"{side} is {label}" + (" · your choice" if self.round.choice == side.lower() else "")

    def _status(self) -> str:
        if self.feed.busy:
            return "writing · esc stops" if self.feed.started else "loading the model · esc stops"
        if self._message:
            return self._message
        if self.names_hidden:
            return "a or b is better, t tie, x both bad · esc ends"
        if self.round:
            return "n next prompt · esc ends"
        runs = ", ".join(folder.name for folder in self.state.session.folders)
        return f"{runs} · base {self.state.session.runs[0].model.pinned}"

    def say(self, message: str) -> None:
        """Show a line of status until the next prompt."""
        self._message = message
        self.show_answers()

    def complain(self, error: Exception) -> None:
        """Show what went wrong. A person can act on an MsmError; of anything else the kind is told too."""
        text = str(error) if isinstance(error, MsmError) else f"{type(error).__name__}: {error}"
        self.notify(literal(text).plain, title="That did not work", severity="error", timeout=12, markup=False)

    # --- prompts ---------------------------------------------------------------------------------------------------

    def listed_prompts(self) -> list[str]:
        """The ids of the prompts that pass the filter."""
        return [prompt.id for prompt in filter_prompts(self.state.prompts, self.query_one(PromptList).filter)]

    def fill_list(self) -> None:
        prompt_list = self.query_one(PromptList)
        prompts = filter_prompts(self.state.prompts, prompt_list.filter)
        prompt_list.fill(prompts, self.state.prompt.id if self.state.prompt else "")
        prompt_list.border_title = Content(f"{len(prompts)} prompts")

    def turn_to(self, prompt_id: str) -> None:
        self.state.go_to(prompt_id)
        self._message = ""
        self.show()

    def on_prompt_chosen(self, event: PromptChosen) -> None:
        self.turn_to(event.prompt_id)
        if event.done:
            self.leave_list()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.fill_list()

    def open_list(self) -> None:
        self.screen.remove_class("-closed").add_class("-open")

    def leave_list(self) -> None:
        """Back to the answers. A list that covers them goes away."""
        self.screen.remove_class("-open")
        self.query(AnswerPane).first().focus()

    def focus_list(self) -> None:
        self.query_one(PromptList).query_one(OptionList).focus()

    # --- live answers ----------------------------------------------------------------------------------------------

    def generate(self) -> None:
        """Ask the arms in the panes."""
        prompt = self.state.prompt
        if prompt is None:
            return
        if self.blind and self.round and self.round.choice is not None:
            self.blind.again(prompt)
        labels = list(self.labels)
        self.state.cancel_unfinished()
        request = self.state.request(labels)
        if request is None:
            return
        self._message = ""
        self.feed.ask(request, prompt.id)
        if prompt.item and any(self.state.margin(label) is None for label in labels):
            self.feed.score(prompt.item)
        if self._refresh_timer:
            self._refresh_timer.resume()
        self.show()

    def receive_answers(self) -> None:
        """On every beat while the engine has something to do."""
        error = self.feed.deliver()
        with suppress(NoMatches):  # the screen is being taken down
            if error is not None:
                self.complain(error)
            if self._refresh_timer and not self.feed.waiting:
                self._refresh_timer.pause()
                self.show_scores()
            self.show_answers()
