"""Starting and stopping: nothing is left behind, and the command line gets its terminal back."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest
from screens import driving, make_app, make_session, play, scripted

from msm_mlx.compare.app import CompareApp, run_app
from msm_mlx.compare.engine import ScriptedEngine
from msm_mlx.compare.session import Session
from msm_mlx.errors import MsmError

CYCLES = 50


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return make_session(tmp_path)


def test_fifty_starts_and_stops_with_live_answers_leave_no_thread(session: Session) -> None:
    before = set(threading.enumerate())
    engines: list[ScriptedEngine] = []

    def build() -> ScriptedEngine:
        engines.append(ScriptedEngine(lambda prompt, label: "word " * 500, None, lambda: time.sleep(0.001)))
        return engines[-1]

    async def cycle(number: int) -> None:
        app = make_app(session, build)
        async with driving(app, (40, 10)):
            app.generate()
            while number % 2 and not app.live.started:  # every other one is stopped before the engine is there
                await asyncio.sleep(0.001)

    for number in range(CYCLES):
        play(cycle(number))
    assert len(engines) == CYCLES
    assert all(engine.closed for engine in engines)
    assert set(threading.enumerate()) == before


def test_the_engine_ends_after_the_app(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run_app` closes what the app has started, also when the app falls over."""
    engine = ScriptedEngine(scripted)

    def run(self: CompareApp) -> None:
        async def work() -> None:
            async with self.run_test() as pilot:
                await pilot.press("g")
                while not self.live.started:
                    await pilot.pause()

        play(work())
        raise RuntimeError("fell over")

    monkeypatch.setattr(CompareApp, "run", run)
    with pytest.raises(RuntimeError, match="fell over"):
        run_app(session, engine=lambda: engine)
    assert engine.closed
    assert "engine" not in {thread.name for thread in threading.enumerate()}


def test_an_error_in_the_app_is_an_error_of_the_command(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CompareApp, "run", lambda self: self.exit(return_code=1))
    with pytest.raises(MsmError, match="stopped on an error"):
        run_app(session)
