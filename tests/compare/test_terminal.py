"""On a real pseudo-terminal: however the app ends, the terminal is as it was before."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from helpers.command_line import ROOT, environment
from helpers.planted_runs import make_run

pytestmark = pytest.mark.slow

PROGRAM = """
import sys, threading, time
from pathlib import Path
from msm_mlx.compare.app import CompareApp, run_app
from msm_mlx.compare.answer_engine import ScriptedEngine
from msm_mlx.compare.session import open_session
from msm_mlx.errors import MsmError

def fall_over(self):
    raise ValueError("fell over")

CompareApp.action_curves = fall_over
engine = ScriptedEngine(lambda prompt, arm: "word " * 9999, None, lambda: time.sleep(0.01))
try:
    run_app(open_session([Path(sys.argv[1])]), engine=lambda: engine)
except MsmError as error:
    print(error)
print("closed" if engine.closed and threading.active_count() == 1 else "left over", flush=True)
"""
SWITCHES = ("1049", "1000", "1003", "1006", "1015", "2004")  # alternate screen, mouse, pasted text


class Terminal:
    """A process on a pseudo-terminal of 80 x 24, and all that it has written there."""

    def __init__(self, run: Path) -> None:
        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.theirs)
        self.written = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(run)],
            stdin=self.theirs, stdout=self.theirs, stderr=self.theirs, start_new_session=True,
            env=environment(PYTHONPATH=str(ROOT), TERM="xterm-256color", COLUMNS="80", LINES="24"),
        )  # fmt: skip

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + 60
        while words not in self.written:
            ready, _, _ = select.select([self.ours], [], [], max(deadline - time.monotonic(), 0))
            assert ready, self.written
            self.written += os.read(self.ours, 65536).decode(errors="replace")

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


@pytest.mark.parametrize(("keys", "said"), [("q", ""), ("\x03", ""), ("l", "fell over")])
def test_the_terminal_is_as_it_was(keys: str, said: str, tmp_path: Path) -> None:
    """Quitting, Ctrl-C and an exception, each while answers are being written."""
    terminal = Terminal(make_run(tmp_path / "run"))
    try:
        terminal.wait_for("stored")
        terminal.press("g")
        terminal.wait_for("tok/s")
        terminal.press(keys)
        terminal.wait_for("closed")
        assert terminal.process.wait(timeout=60) == 0
        assert said in terminal.written
        assert "left over" not in terminal.written
        assert termios.tcgetattr(terminal.theirs) == terminal.before
        for switch in SWITCHES:
            assert terminal.written.rfind(f"\x1b[?{switch}l") > terminal.written.rfind(f"\x1b[?{switch}h") >= 0, switch
        assert terminal.written.rfind("\x1b[?25h") > terminal.written.rfind("\x1b[?25l") > 0  # the cursor
    finally:
        terminal.close()
