"""What engines of answers say, collected."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from msm_mlx.compare.answer_engine import EngineThread, Margins, Piece, ScriptedEngine
from msm_mlx.compare.live_engine import LiveEngine


def never() -> bool:
    return False


def texts(pieces: Sequence[Piece]) -> dict[str, str]:
    return {label: "".join(p.text for p in pieces if p.label == label) for label in {p.label for p in pieces}}


def stops(pieces: Sequence[Piece]) -> list[tuple[str, str]]:
    return sorted((p.label, p.stop) for p in pieces if p.stop)


class Listener:
    """Collects what an engine thread says, and waits for it."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.errors: list[Exception] = []
        self.scores: list[tuple[str, Margins]] = []
        self.threads: set[threading.Thread] = set()
        self._news = threading.Condition()

    def thread(self, build: Callable[[], ScriptedEngine | LiveEngine]) -> EngineThread:
        return EngineThread(
            build,
            lambda piece: self._note(lambda: self.pieces.append(piece)),
            lambda error: self._note(lambda: self.errors.append(error)),
            lambda item, margins: self._note(lambda: self.scores.append((item.id, margins))),
        )

    def _note(self, add: Callable[[], None]) -> None:
        with self._news:
            self.threads.add(threading.current_thread())
            add()
            self._news.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(condition, timeout=60)

    def stopped(self, ticket: int) -> int:
        return sum(p.stop is not None for p in self.pieces if p.ticket == ticket)
