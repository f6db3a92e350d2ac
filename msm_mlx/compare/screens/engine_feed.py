"""The way from the engine's thread to the screen."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import groupby

from msm_mlx.compare.answer_engine import AnswerEngine, EngineThread, Margins, Piece, Request
from msm_mlx.compare.screens.state import ComparisonState
from msm_mlx.suites.kinds.pairs import Pair


class EngineFeed:
    """Asks the engine, and keeps what comes from it until the screen takes it on its own beat.

    The thread and the engine are made at the first request. Pieces wait in a deque, not in the app's queue of messages:
    there a fast engine's thousands of pieces would stand before the next key press.
    """

    def __init__(self, state: ComparisonState, build: Callable[[], AnswerEngine]) -> None:
        self._state = state
        self._build = build
        self._thread: EngineThread | None = None
        self._arrived: deque[Piece | Exception | tuple[Pair, Margins]] = deque()
        self._ticket = 0
        self._prompt_id = ""
        self._writing: set[str] = set()
        self._scoring = False
        self.started = False  # the engine has shown a sign of life

    @property
    def busy(self) -> bool:
        """Whether an answer is still being written."""
        return bool(self._writing)

    @property
    def waiting(self) -> bool:
        """Whether anything is still to come."""
        return self.busy or self._scoring

    def ask(self, request: Request, prompt_id: str) -> None:
        """Ask now; what was being answered is cancelled."""
        thread = self._running_thread()
        thread.cancel()
        self._prompt_id = prompt_id
        self._writing = set(request.labels)
        self._scoring = False
        self._ticket = thread.ask(request)

    def score(self, item: Pair) -> None:
        self._scoring = True
        self._running_thread().score(item)

    def cancel(self) -> None:
        if self._thread:
            self._thread.cancel()
            self._scoring = False  # a cancelled request gives last pieces, a cancelled scoring nothing

    def deliver(self) -> Exception | None:
        """Put what has arrived into the state. Returns what went wrong, if something did."""
        error: Exception | None = None
        arrivals = [self._arrived.popleft() for _ in range(len(self._arrived))]
        pieces = [item for item in arrivals if isinstance(item, Piece) and item.ticket == self._ticket]
        for label, group in groupby(sorted(pieces, key=lambda piece: piece.label), key=lambda piece: piece.label):
            answer = list(group)  # sorting is stable, so these are in the order of writing
            self._state.add_pieces(self._prompt_id, [_joined(answer)])
            if answer[-1].stop:
                self._writing.discard(label)
        for item in arrivals:
            self.started = True
            if isinstance(item, tuple):
                self._state.set_margins(*item)
                self._scoring = False
            elif isinstance(item, Exception):
                error = item
                self._writing.clear()
                self._scoring = False
                self._state.cancel_unfinished()
        return error

    def close(self) -> None:
        """End the thread and wait for it. May be called again."""
        if self._thread:
            self._thread.close()
            self._thread = None

    def _running_thread(self) -> EngineThread:
        """The thread; a new one where there is none yet, or where the engine could not be built."""
        if self._thread is None or not self._thread.alive:
            self.close()
            put = self._arrived.append  # atomic, so the two threads need no lock
            self._thread = EngineThread(self._build, put, put, lambda item, margins: put((item, margins)))
            self._ticket = 0
        return self._thread


def _joined(pieces: list[Piece]) -> Piece:
    last = pieces[-1]
    text = "".join(piece.text for piece in pieces)
    return Piece(last.label, text, last.tokens, last.tokens_per_second, last.stop, last.ticket)
