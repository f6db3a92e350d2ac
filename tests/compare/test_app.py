"""Starting and stopping: nothing is left behind, and the command line gets its terminal back."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from helpers.app_screens import (
    make_session,
    play,
    scripted,
)
from helpers.command_line import ROOT, environment

from msm_mlx.compare.answer_engine import ScriptedEngine
from msm_mlx.compare.app import CompareApp, run_app
from msm_mlx.compare.session import Session
from msm_mlx.errors import MsmError

pytestmark = pytest.mark.slow

CYCLES = 12


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return make_session(tmp_path)


LIVE = f"""
import asyncio, os, sys, threading
from dataclasses import replace
from pathlib import Path
from textual import constants
constants.TEXTUAL_ANIMATIONS = "none"
from msm_mlx.compare.app import CompareApp, session_engine
from msm_mlx.compare.answer_engine import Arm
from msm_mlx.compare.session import open_session, typed_prompt

prompt = typed_prompt("Which do you prefer?")
arms = Arm("base", None), Arm("again", None)
session = replace(open_session([Path(sys.argv[1])]), arms=arms, prompts=(prompt,), stored={{}})

async def cycle(number):
    app = CompareApp(session, session_engine(session))
    app.state.settings = replace(app.state.settings, temperature=2.0, max_tokens=400)
    async with app.run_test(size=(40, 10)):
        app.generate()
        while number % 3 and not app.feed.started:  # every third is stopped before the engine is there
            await asyncio.sleep(0.005)
        while number % 3 == 2 and app.feed.waiting and not app.state.answer("base").text:
            await asyncio.sleep(0.005)
    app.close_engine()

def held():
    linux = Path("/proc/self/task")
    return [len(os.listdir(folder)) for folder in (linux, Path("/proc/self/fd"))] if linux.exists() else []

for number in range({CYCLES}):
    asyncio.run(cycle(number))
    assert threading.active_count() == 1, threading.enumerate()
    if number == 2:
        early = held()
late = held()  # a library may start its threads late, but none for every cycle
assert all(after - before < {CYCLES} // 4 for before, after in zip(early, late)), (early, late)
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("no child")
"""


def test_starts_and_stops_with_live_answers_leave_nothing_and_end_well(finished_run: Path) -> None:
    """Neither a thread of ours nor one of mlx's, no open file, no process, and no abort at the end."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LIVE, str(finished_run)],
        capture_output=True, text=True, env=environment(PYTHONPATH=str(ROOT)), timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "no child\n", "")


def test_the_engine_ends_after_the_app(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run_app` closes what the app has started, also when the app falls over."""
    engine = ScriptedEngine(scripted)

    def run(self: CompareApp) -> None:
        async def work() -> None:
            async with self.run_test() as pilot:
                await pilot.press("g")
                while not self.feed.started:
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
    with pytest.raises(MsmError, match="stopped on the error above"):
        run_app(session)


def test_the_app_imports_no_mlx() -> None:
    probe = "import sys, msm_mlx.compare.app; sys.exit('mlx' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], timeout=60).returncode == 0
