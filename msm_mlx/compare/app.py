"""The interactive comparison: prompts, and the arms' answers to them next to each other.

Here is what the keys do. What is shown is in `screens/state.py`, the engine answers in a thread of its own, and which
key does what stands in `screens/actions.py`. No model is touched here, and nothing of mlx is imported before the first
request.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import ClassVar, cast

from rich.console import RenderableType
from rich.text import Text
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from msm_mlx.compare.answer_engine import AnswerEngine, Preface
from msm_mlx.compare.comparison import Comparison, to_markdown
from msm_mlx.compare.screens import page_bodies
from msm_mlx.compare.screens.actions import ACTIONS, bindings, help_table
from msm_mlx.compare.screens.answer_panes import AnswerPane
from msm_mlx.compare.screens.blind_rounds import BlindRounds
from msm_mlx.compare.screens.document_browser import DocumentBrowser
from msm_mlx.compare.screens.export_files import write_comparisons
from msm_mlx.compare.screens.main_view import MainView
from msm_mlx.compare.screens.pages import LinePage, Page
from msm_mlx.compare.screens.prompt_list import PromptList
from msm_mlx.compare.screens.run_files import document_lists, spec_passages, training_curves
from msm_mlx.compare.screens.score_bars import ArmClicked
from msm_mlx.compare.screens.state import MIN_PANES, GenerationSettings
from msm_mlx.compare.session import Session
from msm_mlx.compare.votes import VoteChoice, read_votes, summarize
from msm_mlx.console.abilities import abilities_of, has_light_background
from msm_mlx.errors import MsmError
from msm_mlx.prompting.prompts import system_prompt
from msm_mlx.runs.layout import VOTES

LIGHT_THEME = "textual-light"


def run_app(
    session: Session,
    *,
    start: str | None = None,
    engine: Callable[[], AnswerEngine] | None = None,
    settings: GenerationSettings | None = None,
) -> None:
    """Show the comparison until somebody quits.

    Args:
        settings: how answers are generated at first; by default as the run says.
        start: the id, suite or domain of the prompt to begin with; any other text is asked as a prompt.
        engine: builds what answers, in its own thread and at the first request; by default the run's own model.

    Raises:
        MsmError: if the app stopped on an error, which it has then printed.
    """
    # Neither may write into the screen or start processes under it.
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if not abilities_of(sys.stdout, os.environ).colour:
        os.environ["NO_COLOR"] = "1"  # Textual knows none of the other names
    app = CompareApp(session, engine or session_engine(session), start=start, settings=settings)
    if has_light_background(os.environ) and "TEXTUAL_THEME" not in os.environ:
        app.theme = LIGHT_THEME
    gc.freeze()  # a full collection over everything that is imported would hold up keys for a tenth of a second
    try:
        app.run()
    finally:
        app.close_engine()
        gc.unfreeze()
    if app.return_code:
        raise MsmError("compare: stopped on the error above; please report it with what `msm-mlx doctor` prints")


def session_engine(session: Session) -> Callable[[], AnswerEngine]:
    """What builds the engine over the session's own model."""

    def build() -> AnswerEngine:
        from msm_mlx.compare.live_engine import open_engine

        return open_engine(session)

    return build


class CompareApp(MainView):
    """The app. Whoever runs it calls `close_engine` afterwards."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings())

    def __init__(
        self,
        session: Session,
        engine: Callable[[], AnswerEngine],
        *,
        start: str | None = None,
        settings: GenerationSettings | None = None,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(session, engine)
        if settings:
            self.state.settings = settings
        self._rng = rng or random.Random()
        self._clock = clock
        self._votes = session.folders[0] / VOTES
        if start:
            self.state.start_at(start)
        self._ask_at_once = bool(start) and self.state.typed

    def on_mount(self) -> None:
        if self._ask_at_once:
            self.call_after_refresh(self.generate)

    def close_engine(self) -> None:
        """End the engine's thread and wait for it."""
        self.feed.close()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys do, and the footer shows, only what makes sense now; what would tell the names waits for the vote."""
        if not self.is_running:
            return True
        if action == "vote":
            return self.votable
        if action in ("blind", "toggle_arm"):
            return self.blind is None
        if action in ("export", "export_all", "copy"):
            return not self.names_hidden
        return True

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action by its name, and the themes."""
        for action in ACTIONS:
            name, _, argument = action.call.partition("(")
            if len(action.keys) < 9 and self.check_action(name, (argument,)):
                yield SystemCommand(action.name, action.does, self._runner(action.call))
        yield SystemCommand("Theme", "change the colours", self.action_change_theme)

    def _runner(self, call: str) -> Callable[[], object]:
        return lambda: self.run_action(call)

    # --- prompts ---------------------------------------------------------------------------------------------------

    def action_step(self, by: int) -> None:
        self.state.step(by, self.listed_prompts())
        self._message = ""
        self.show()

    def action_prompts(self) -> None:
        if self.query_one(PromptList).display:
            self.screen.add_class("-closed")
            self.leave_list()
        else:
            self.open_list()
            self.focus_list()

    def action_filter(self) -> None:
        self.open_list()
        self.query_one(PromptList).open_filter()

    def action_ask(self) -> None:
        example = self.state.prompt.text if self.state.prompt else ""  # small models know few other words
        hint = f"such as: {example}" if example else "every shown arm answers this"
        self.push_screen(LinePage(f"Ask {self.state.session.model_name}", "enter asks", hint), self._answer_typed)

    def _answer_typed(self, text: str | None) -> None:
        if not text:
            return
        try:
            self.state.add_typed(text)
        except MsmError as error:
            self.complain(error)
            return
        self.fill_list()
        self.leave_list()
        self.generate()

    def action_system(self) -> None:
        preface, usual = self.state.settings.preface, system_prompt(self.state.session.model_name)
        page = LinePage("System prompt", "enter asks under it", f"as usual: {usual}", preface.system or "")
        self.push_screen(page, lambda text: self._ask_within(text, lambda line: replace(preface, system=line or None)))

    def action_prefill(self) -> None:
        preface = self.state.settings.preface
        page = LinePage("Begin the answers", "enter asks for the rest", "with these words", preface.prefill)
        self.push_screen(page, lambda text: self._ask_within(text, lambda line: replace(preface, prefill=line)))

    def _ask_within(self, text: str | None, change: Callable[[str], Preface]) -> None:
        """Ask again with what was typed before the answers, unless that was cancelled."""
        if text is not None:
            self.state.settings = self.state.settings.within(change(text))
            self.show()
            self.generate()

    # --- answers ---------------------------------------------------------------------------------------------------

    def action_generate(self) -> None:
        self.generate()

    def action_reseed(self) -> None:
        self.state.settings = self.state.settings.another_seed()
        self.generate()

    def action_temperature(self, steps: int) -> None:
        self.state.settings = self.state.settings.warmer(steps)
        self.show_answers()

    def action_length(self, steps: int) -> None:
        self.state.settings = self.state.settings.longer(steps)
        self.show_answers()

    def action_stop(self) -> None:
        prompt_list = self.query_one(PromptList)
        if self.feed.busy:
            self.feed.cancel()
        elif prompt_list.filter or prompt_list.has_focus_within:
            prompt_list.close_filter()
            self.leave_list()
        elif self.blind:
            self.blind = None
            self.show()
            self.action_votes()
        else:
            self.leave_list()

    def action_toggle_arm(self, number: int) -> None:
        self._message = self.state.toggle_arm(number)
        self.show()

    def on_arm_clicked(self, event: ArmClicked) -> None:
        if self.blind is None:
            self.action_toggle_arm(event.number)

    # --- blind -----------------------------------------------------------------------------------------------------

    def action_blind(self) -> None:
        if len(self.state.shown) < MIN_PANES:
            self.say("a blind comparison takes two arms")
            return
        self.blind = BlindRounds(self._votes, self._rng, self._clock)
        self._message = ""
        self.show()

    def action_vote(self, choice: str) -> None:
        if self.blind and self.round:
            answers = self.state.comparison(self.round.prompt, self.labels)
            seed, settings = (answers.seed, answers.settings) if answers else (0, {})
            try:
                self.blind.vote(self.round, cast("VoteChoice", choice), seed, settings)
            except MsmError as error:
                self.complain(error)
            self.show()

    def action_votes(self) -> None:
        self._open("Votes", lambda: page_bodies.vote_page(summarize(read_votes(self._votes))))

    # --- views -----------------------------------------------------------------------------------------------------

    def action_diff(self) -> None:
        self.diffing = not self.diffing
        self.say("first two answers: words that differ are underlined" if self.diffing else "differences not marked")

    def action_rendered(self) -> None:
        self.rendered = not self.rendered
        self.say("answers as rendered Markdown" if self.rendered else "answers raw, as they were written")

    def action_why(self) -> None:
        def body() -> RenderableType:
            return page_bodies.passage_page(spec_passages(self.state.session, self.state.prompt))

        self._open("What the spec says", body)

    def action_scores(self) -> None:
        self._open("Scores", lambda: page_bodies.score_page(self.state.session.results))

    def action_curves(self) -> None:
        width = min(self.size.width - 10, 100)
        self._open("Training losses", lambda: page_bodies.curve_page(training_curves(self.state.session), width))

    def action_help(self) -> None:
        self._open("Keys", help_table)

    def action_documents(self) -> None:
        try:
            lists = document_lists(self.state.session)
        except MsmError as error:
            self.complain(error)
            return
        if not lists:
            self.say("no arm of these runs has read documents")
            return
        pane = self.focused.number if isinstance(self.focused, AnswerPane) else 0
        label = self.labels[pane] if pane < len(self.labels) and not self.names_hidden else ""
        first = next((i for i, documents in enumerate(lists) if label in documents.labels), 0)
        self.push_screen(DocumentBrowser(lists, first))

    def _open(self, title: str, body: Callable[[], RenderableType]) -> None:
        try:
            self.push_screen(Page(Text(title), body()))
        except MsmError as error:
            self.complain(error)

    # --- out -------------------------------------------------------------------------------------------------------

    def action_export(self) -> None:
        self._write("comparison", self._current())

    def action_export_all(self) -> None:
        self._write("everything", self.state.comparisons())

    def action_copy(self) -> None:
        current = self._current()
        if current:
            self.copy_to_clipboard(to_markdown(current))
        self.say("copied, if the terminal allows it" if current else "nothing to copy yet")

    def _current(self) -> list[Comparison]:
        comparison = self.state.comparison(self.state.prompt) if self.state.prompt else None
        return [comparison] if comparison else []

    def _write(self, name: str, comparisons: list[Comparison]) -> None:
        if not comparisons:
            self.say("nothing to export yet")
            return
        try:
            path = write_comparisons(self.state.session.folders[0], name, comparisons)
        except MsmError as error:
            self.complain(error)
            return
        self.say(f"wrote {path.parent.name}/{path.name} and .json in {path.parents[1].name}")
