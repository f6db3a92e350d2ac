"""The main screen: shows what lies on the desk and takes in what the engine writes. What keys do is elsewhere."""

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

from msm_mlx.compare.answering import AnswerEngine
from msm_mlx.compare.screens.desk import Desk
from msm_mlx.compare.screens.live import LiveAnswers
from msm_mlx.compare.screens.panes import AnswerPane, Panes, View, answer_view, diff_bodies
from msm_mlx.compare.screens.prompts import PromptChosen, PromptList, heading, matching
from msm_mlx.compare.screens.rounds import Blind, Round
from msm_mlx.compare.screens.scores import ArmRow, ScoreBars, ScoreRows
from msm_mlx.compare.session import Session
from msm_mlx.errors import MsmError
from msm_mlx.text.terminal import literal

BEAT = 1 / 20  # seconds between two looks at what the engine has written
HIDDEN = "The names and the scores come after your vote."


class DeskView(App[None]):
    """Prompts on one side or behind a key, the prompt with the arms' scores above, their answers below."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "msm-mlx compare"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-wide"), (110, "-roomy"), (160, "-huge")]  # noqa: RUF012

    def __init__(self, session: Session, build: Callable[[], AnswerEngine]) -> None:
        super().__init__()
        self.desk = Desk(session)
        self.live = LiveAnswers(self.desk, build)
        self.blind: Blind | None = None
        self.rendered = False
        self.diffing = False
        self._message = ""
        self._beat: Timer | None = None
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
        self._beat = self.set_interval(BEAT, self.take_in, pause=True)
        self.fill_list()
        self.query_one("#pane1").focus()
        self.show()

    # --- what is shown ---------------------------------------------------------------------------------------------

    @property
    def round(self) -> Round | None:
        """The blind round of the prompt that is looked at, in blind mode."""
        return self.blind.deal(self.desk.prompt, self.desk.shown) if self.blind and self.desk.prompt else None

    @property
    def names_hidden(self) -> bool:
        return self.round is not None and self.round.choice is None

    @property
    def votable(self) -> bool:
        """Whether there is something to vote on: a round without a vote, and both answers complete."""
        answers = [self.desk.answer(label) for label in self.labels]
        return self.names_hidden and all(answer is not None and answer.complete for answer in answers)

    @property
    def labels(self) -> list[str]:
        """The arms in the panes, from left to right."""
        return [self.round.left, self.round.right] if self.round else self.desk.shown

    def show(self) -> None:
        """Everything anew, after a step to another prompt or a change of what is shown."""
        self.desk.look()
        prompt = self.desk.prompt
        box = self.query_one("#prompt")
        title = literal(f"{self.desk.place} · {heading(prompt)}") if prompt else Text("no prompts")
        box.border_title = Content.from_rich_text(title)
        text = (
            literal(prompt.text) if prompt else Text("These runs have no suites. Press / and type a prompt.", "italic")
        )
        box.query_one(Static).update(text)
        self.query_one(PromptList).point(prompt.id if prompt else "")
        self.show_scores()
        self.show_answers()

    def show_scores(self) -> None:
        desk, item = self.desk, self.desk.prompt.item if self.desk.prompt else None
        arms = tuple(
            ArmRow(number, label, label in self.labels, desk.margin(label))
            for number, label in enumerate(desk.order, 1)
        )
        note = HIDDEN if self.names_hidden else ""
        rows = ScoreRows(arms, item.target if item else "", item.other if item else "", note)
        self.query_one(ScoreBars).rows = rows
        self.query_one("#scores").border_title = Content("arms · log-odds of the choice" if item else "arms")

    def show_answers(self) -> None:
        """The panes, the line of status and the keys that make sense now."""
        self.query_one(Panes).show(self._views())
        how = self.desk.settings
        settings = f"seed {how.seed} · temp {how.temperature:g} · {how.max_tokens} tok"
        self._put("#settings", settings, layout=True)
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

    def _views(self) -> list[View]:
        answers = [self.desk.answer(label) for label in self.labels]
        views = [
            answer_view(self._title(number, label), answer, rendered=self.rendered, hide_speed=self.names_hidden)
            for number, (label, answer) in enumerate(zip(self.labels, answers, strict=True))
        ]
        if self.diffing and len(answers) > 1:
            a, b = answers[:2]
            if a and b and a.complete and b.complete:
                for i, body in enumerate(diff_bodies(a.text, b.text)):
                    views[i] = View(views[i].title, body, views[i].foot)
        return views

    def _title(self, number: int, label: str) -> str:
        if self.round is None:
            return label
        side = "AB"[number]
        if self.round.choice is None:
            return side
        return f"{side} is {label}" + (" · your choice" if self.round.choice == side.lower() else "")

    def _status(self) -> str:
        if self.live.busy:
            return "writing · esc stops" if self.live.started else "loading the model · esc stops"
        if self._message:
            return self._message
        if self.names_hidden:
            return "a or b is better, t tie, x both bad · esc ends"
        if self.round:
            return "n next prompt · esc ends"
        runs = ", ".join(folder.name for folder in self.desk.session.folders)
        return f"{runs} · base {self.desk.session.runs[0].model.pinned}"

    def say(self, message: str) -> None:
        """Show a line of status until the next prompt."""
        self._message = message
        self.show_answers()

    def complain(self, error: Exception) -> None:
        """Show what went wrong. A person can act on an MsmError; of anything else the kind is told too."""
        text = str(error) if isinstance(error, MsmError) else f"{type(error).__name__}: {error}"
        self.notify(literal(text).plain, title="That did not work", severity="error", timeout=12, markup=False)

    # --- prompts ---------------------------------------------------------------------------------------------------

    def listed(self) -> list[str]:
        """The ids of the prompts that pass the filter."""
        return [prompt.id for prompt in matching(self.desk.prompts, self.query_one(PromptList).filter)]

    def fill_list(self) -> None:
        listed = self.query_one(PromptList)
        prompts = matching(self.desk.prompts, listed.filter)
        listed.fill(prompts, self.desk.prompt.id if self.desk.prompt else "")
        listed.border_title = Content(f"{len(prompts)} prompts")

    def turn_to(self, prompt_id: str) -> None:
        self.desk.go(prompt_id)
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
        prompt = self.desk.prompt
        if prompt is None:
            return
        if self.blind and self.round and self.round.choice is not None:
            self.blind.again(prompt)
        labels = list(self.labels)
        self.desk.abandon()
        request = self.desk.request(labels)
        if request is None:
            return
        self._message = ""
        self.live.ask(request, prompt.id)
        if prompt.item and any(self.desk.margin(label) is None for label in labels):
            self.live.score(prompt.item)
        if self._beat:
            self._beat.resume()
        self.show()

    def take_in(self) -> None:
        """On every beat while the engine has something to do."""
        error = self.live.take()
        with suppress(NoMatches):  # the screen is being taken down
            if error is not None:
                self.complain(error)
            if self._beat and not self.live.waiting:
                self._beat.pause()
                self.show_scores()
            self.show_answers()
