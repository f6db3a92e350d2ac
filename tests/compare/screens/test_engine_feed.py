"""Live answers: asked of an engine in its own thread, shown as they come."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.app_screens import ARMS, driving, make_app, play, press, scripted, settled, shown, type_text
from helpers.hostile_text import squeeze
from helpers.planted_runs import bare_run
from helpers.tiny_models import POCKET_WEIGHTS
from textual.events import Key
from textual.pilot import Pilot

from msm_mlx.compare.answer_engine import Arm, Piece, Request, ScriptedEngine
from msm_mlx.compare.app import session_engine
from msm_mlx.compare.screens.state import LENGTHS
from msm_mlx.compare.session import Session
from msm_mlx.errors import SetupError

pytestmark = pytest.mark.slow


class Recording(ScriptedEngine):
    """A scripted engine that remembers what it was asked, and by which thread."""

    def __init__(self, gate: Callable[[], None] = lambda: None) -> None:
        super().__init__(scripted, margins={}, delay=gate)
        self.requests: list[Request] = []
        self.threads: set[str] = set()

    def answer(self, request: Request, cancelled: Callable[[], bool]) -> Iterator[Piece]:
        self.requests.append(request)
        self.threads.add(threading.current_thread().name)
        return super().answer(request, cancelled)


class Gate:
    """Lets an engine write one word of each answer for each step."""

    def __init__(self) -> None:
        self._steps = threading.Semaphore(0)

    def __call__(self) -> None:
        assert self._steps.acquire(timeout=60)

    def step(self, count: int = 1) -> None:
        self._steps.release(count)


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        await pilot.pause(0.01)
    await pilot.pause()


def test_a_typed_prompt_is_answered_by_all_shown_arms_at_once(session: Session) -> None:
    engine = Recording()
    app = make_app(session, lambda: engine)

    async def work() -> None:
        async with driving(app, (120, 40)) as pilot:
            assert engine.requests == []
            await pilot.press("4", "slash")
            await type_text(pilot, "Why cheese?")
            await pilot.press("enter")
            await settled(app, pilot)
            for number, label in enumerate(ARMS[:3], start=1):
                assert squeeze(scripted("Why cheese?", label)) in squeeze(shown(app, f"#pane{number}"))
            assert shown(app, "Panes").count("8 tok · 20 tok/s · e") == 3

    play(work())
    assert engine.requests == [Request("Why cheese?", ARMS[:3], max_tokens=200, temperature=0.0, seed=0)]
    assert engine.threads == {"engine"}
    assert engine.closed


def test_the_list_leaves_the_answers_to_a_typed_prompt(session: Session) -> None:
    app = make_app(session, Recording)

    async def work() -> None:
        async with driving(app) as pilot:  # where the list covers the first panes
            await pilot.press("o", "slash")
            assert app.screen_stack[0].has_class("-open")
            await type_text(pilot, "Why cheese?")
            await pilot.press("enter")
            await settled(app, pilot)
            assert not app.screen.has_class("-open")

    play(work())


def test_words_appear_one_by_one_in_all_panes(session: Session) -> None:
    gate = Gate()
    app = make_app(session, lambda: Recording(gate))

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("enter")
            await pilot.pause(0.1)
            assert "loading the model" in shown(app, "#message")
            gate.step()
            await until(pilot, lambda: "<think>who" in shown(app, "#pane4"))
            assert "writing" in shown(app, "#message")
            assert all("asks?" not in shown(app, f"#pane{number}") for number in range(1, 5))
            gate.step()
            await until(pilot, lambda: all("asks?" in shown(app, f"#pane{n}") for n in range(1, 5)))
            gate.step(100)
            await settled(app, pilot)
            assert "writing" not in shown(app, "#message")

    play(work())


def test_seed_temperature_and_length_go_to_every_arm(session: Session) -> None:
    engine = Recording()
    app = make_app(session, lambda: engine)

    async def work() -> None:
        async with driving(app) as pilot:
            await press(app, pilot, "+", "+", "-", "[", "[", "]", "g", "r", "r")
            assert "seed 2 · temp 0.2 · 100 tok" in shown(app, "#settings")

    play(work())
    prompt = session.prompts[0].text
    assert engine.requests == [Request(prompt, ARMS, 100, 0.2, seed) for seed in (0, 1, 2)]


def test_settings_stop_at_their_ends(session: Session) -> None:
    app = make_app(session)

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press(*["-"] * 3, *["["] * 9)
            assert "temp 0 · 20 tok" in shown(app, "#settings")
            await pilot.press(*["="] * 12, *["]"] * 12)
            assert "temp 2 · 3200 tok" in shown(app, "#settings")

    play(work())


def test_a_length_that_is_too_short_is_told(session: Session) -> None:
    app = make_app(session, lambda: ScriptedEngine(lambda prompt, label: "word " * 60))

    async def work() -> None:
        async with driving(app) as pilot:
            await press(app, pilot, *["["] * 9, "g")
            assert shown(app, "Panes").count("20 tok · 20 tok/s · cut at length") == 4

    play(work())


def test_escape_cancels_and_keeps_what_was_written(session: Session) -> None:
    gate = Gate()
    app = make_app(session, lambda: Recording(gate))

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("g")
            gate.step(2)
            await until(pilot, lambda: "asks?" in shown(app, "#pane1"))
            await pilot.press("escape")
            gate.step(100)
            await settled(app, pilot)
            assert shown(app, "Panes").count("cancelled") == 4
            assert "says" not in shown(app, "Panes")

    play(work())


def test_a_new_request_takes_the_place_of_the_running_one(session: Session) -> None:
    gate = Gate()
    engine = Recording(gate)
    app = make_app(session, lambda: engine)

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("g")
            gate.step()
            await until(pilot, lambda: "<think>who" in shown(app, "#pane1"))
            await pilot.press("n", "g")
            gate.step(100)
            await settled(app, pilot)
            assert session.prompts[1].text.split()[-1] in shown(app, "#pane1")
            await pilot.press("p")
            assert shown(app, "Panes").count("cancelled") == 4

    play(work())
    assert [request.prompt for request in engine.requests] == [prompt.text for prompt in session.prompts[:2]]


def test_generating_goes_on_while_another_prompt_is_looked_at(session: Session) -> None:
    gate = Gate()
    app = make_app(session, lambda: Recording(gate))

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("g")
            gate.step()
            await pilot.press("n")
            gate.step(100)
            await settled(app, pilot)
            assert shown(app, "Panes").count("stored") == 4
            await pilot.press("p")
            assert shown(app, "Panes").count("ended") == 4

    play(work())


def test_missing_scores_are_measured(session: Session) -> None:
    first = session.prompts[0]
    session = replace(session, stored={})
    margins = {first.id: dict.fromkeys(ARMS, 1.25)}
    app = make_app(session, lambda: ScriptedEngine(scripted, margins))

    async def work() -> None:
        async with driving(app) as pilot:
            assert "no answer yet" in shown(app, "#pane1")
            assert "+1.25" not in shown(app, "ScoreBars")
            await press(app, pilot, "g")
            assert shown(app, "ScoreBars").count("+1.25") == 4

    play(work())


def test_an_engine_that_cannot_be_built_is_told_and_tried_again(session: Session) -> None:
    tries = []

    def build() -> ScriptedEngine:
        tries.append(1)
        if len(tries) == 1:
            raise SetupError("no such [model]\x1b[2J")
        return ScriptedEngine(scripted)

    app = make_app(session, build)

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("g")
            await until(pilot, lambda: "no such [model]\\u001b[2J" in shown(app, "Toast"))
            app.clear_notifications()
            await pilot.pause()
            assert shown(app, "Panes").count("stored") == 4
            await press(app, pilot, "g")
            assert shown(app, "Panes").count("ended") == 4

    play(work())


def test_an_engine_that_fails_is_told_and_takes_the_next_request(session: Session) -> None:
    def answers(prompt: str, label: str) -> str:
        if prompt == session.prompts[0].text:
            raise ValueError("out of luck")
        return "fine"

    app = make_app(session, lambda: ScriptedEngine(answers))

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("g")
            await until(pilot, lambda: "ValueError: out of luck" in shown(app, "Toast"))
            await press(app, pilot, "n", "g")
            assert "fine" in shown(app, "#pane1")

    play(work())


def test_an_app_that_starts_with_a_prompt_asks_it(session: Session) -> None:
    app = make_app(session, start="What now?")

    async def work() -> None:
        async with driving(app) as pilot:
            await until(pilot, lambda: "What now?" in shown(app, "#pane1"))

    play(work())


def test_the_last_words_stay_in_view_until_somebody_scrolls(session: Session) -> None:
    gate = Gate()
    app = make_app(
        session, lambda: ScriptedEngine(lambda p, label: " ".join(f"word{i}" for i in range(150)), None, gate)
    )

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("g")
            gate.step(90)
            await until(pilot, lambda: "word89" in shown(app, "#pane1"))
            await pilot.press("pageup", "pageup", "pageup")
            await pilot.pause(0.3)
            gate.step(100)
            await settled(app, pilot)
            assert "word0 " in shown(app, "#pane1")
            assert "word149" in shown(app, "#pane2")

    play(work())


def test_keys_are_handled_before_the_stream_of_four_panes_ends(session: Session) -> None:
    """However much the engine writes. How soon is measured by benchmarks/keys.py."""
    app = make_app(
        session, lambda: ScriptedEngine(lambda p, arm: "a few words more " * 800, None, lambda: time.sleep(0.002))
    )
    app.state.settings = replace(app.state.settings, max_tokens=LENGTHS[-1])

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("g")
            await until(pilot, lambda: "words" in shown(app, "#pane4"))
            for number in range(6):
                before = app.state.settings
                app.post_message(Key("plus", "+") if number % 2 == 0 else Key("minus", "-"))
                while app.state.settings == before:
                    assert app.feed.busy
                    await asyncio.sleep(0.001)

    play(work())


def test_the_embedded_model_answers_in_the_app(session: Session, tmp_path: Path) -> None:
    bases = (Arm("base", None), Arm("again", None))
    session = replace(session, arms=bases, runs=(bare_run(tmp_path, str(POCKET_WEIGHTS)),), stored={})
    app = make_app(session, session_engine(session))
    app.state.settings = replace(app.state.settings, max_tokens=20)

    async def work() -> None:
        async with driving(app) as pilot:
            await press(app, pilot, "g")
            a, b = (app.state.answer(label) for label in ("base", "again"))
            assert a is not None
            assert b is not None
            assert a.text == b.text != ""
            assert a.tokens > 3
            assert app.state.margin("base") == app.state.margin("again") is not None

    play(work())
