"""What answers prompts for a screen: requests in, pieces of text out, and the one thread that owns the engine."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol

from msm_mlx.prompting.prompts import Message, system_prompt
from msm_mlx.suites.kinds.pairs import Pair

Stop = Literal["end", "length", "cancelled"]
Margins = dict[str, float]


@dataclass(frozen=True)
class Arm:
    """A variant that can be asked, and the folder of its adapter; None is the base itself. `context` is what stands in
    its prompts besides the question: the documents of an arm that has them there."""

    label: str
    adapter: Path | None
    context: str = ""


@dataclass(frozen=True)
class Preface:
    """What stands before an answer besides the prompt.

    Args:
        system: the system prompt in place of `You are NAME.`, which None stands for; empty for none at all.
        prefill: the words that every answer begins with.
    """

    system: str | None = None
    prefill: str = ""

    def system_turn(self, model_name: str) -> list[Message]:
        """The turn with which a chat opens, if it opens with one."""
        line = system_prompt(model_name) if self.system is None else self.system
        return [{"role": "system", "content": line}] if line else []

    def in_words(self) -> list[str]:
        """What is not as usual, a line each."""
        system = [] if self.system is None else [f"system prompt: {self.system or '(none)'}"]
        return [*system, *([f"answers begin: {self.prefill}"] if self.prefill else [])]


NO_PREFACE = Preface()


@dataclass(frozen=True)
class Request:
    """One prompt to several arms. Temperature 0 takes the likeliest token always; what else is said of the sampling is
    as in `SamplingParams`."""

    prompt: str
    labels: tuple[str, ...]
    max_tokens: int = 200
    temperature: float = 0.0
    seed: int = 0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    preface: Preface = NO_PREFACE


@dataclass(frozen=True)
class Piece:
    """The text that an arm has written since its previous piece; `stop` is set on its last one, and only there. The
    words with which the answer is to begin are its first.

    `tokens` counts all of the answer so far. `ticket` is what `EngineThread.ask` returned for the request, by which a
    screen tells the late pieces of a cancelled request from those of the next.
    """

    label: str
    text: str
    tokens: int
    tokens_per_second: float
    stop: Stop | None
    ticket: int = 0


class AnswerEngine(Protocol):
    """Answers of several arms at once. Built, used and closed in one and the same thread."""

    @property
    def reason(self) -> str:
        """Why the arms do not share a batch, as a line for the log; empty where they do."""
        ...

    def answer(self, request: Request, cancelled: Callable[[], bool]) -> Iterator[Piece]:
        """Pieces of all arms' answers as they come, until each arm has had its piece with a stop.

        Raises:
            RecipeError: at once, if the prompt is one that cannot be answered.
        """
        ...

    def margins(self, item: Pair) -> Margins:
        """The log-odds, in nats, of the target's reply over the other's for each arm, both orders averaged."""
        ...

    def close(self) -> None:
        """Give back what the thread holds."""
        ...


class ScriptedEngine:
    """Scripted answers word by word, all arms in turn: for tests and demonstrations.

    Args:
        answers: `answers[prompt][label]`, or a function of both.
        margins: `margins[item id]`.
        delay: called before each round of words.
        speed: the tokens per second that every piece reports.
    """

    reason = ""

    def __init__(
        self,
        answers: Mapping[str, Mapping[str, str]] | Callable[[str, str], str],
        margins: Mapping[str, Margins] | None = None,
        delay: Callable[[], None] = lambda: None,
        speed: float = 20.0,
    ) -> None:
        self.closed = False
        self._answers = answers if callable(answers) else lambda prompt, label: answers[prompt][label]
        self._margins = margins or {}
        self._delay = delay
        self._speed = speed

    def answer(self, request: Request, cancelled: Callable[[], bool]) -> Iterator[Piece]:
        beginning = f"{request.preface.prefill} " if request.preface.prefill else ""
        answers = {label: beginning + self._answers(request.prompt, label) for label in request.labels}
        words = {label: re.findall(r"\s*\S+|\s+", answer) for label, answer in answers.items()}
        written = dict.fromkeys(request.labels, 0)
        running = list(request.labels)
        while running:
            self._delay()
            if cancelled():
                yield from (Piece(label, "", written[label], self._speed, "cancelled") for label in running)
                return
            for label in list(running):
                text = "".join(words[label][written[label] : written[label] + 1])
                written[label] += bool(text)
                stop = self._stop(written[label], len(words[label]), request.max_tokens)
                yield Piece(label, text, written[label], self._speed, stop)
                if stop:
                    running.remove(label)

    @staticmethod
    def _stop(written: int, words: int, limit: int) -> Stop | None:
        if written == words:
            return "end"
        return "length" if written >= limit else None

    def margins(self, item: Pair) -> Margins:
        return dict(self._margins[item.id])

    def close(self) -> None:
        self.closed = True


@dataclass(frozen=True)
class _EngineTask:
    ticket: int
    task: Request | Pair


class EngineThread:
    """The one thread that builds, uses and closes an engine. Use as a context manager, or call `close`.

    All four functions run in that thread; none may wait for the thread that calls `close`. `failed` hears of an engine
    that cannot be built, which ends the thread, and of a request that went wrong, after which the next one is taken.
    """

    def __init__(
        self,
        build: Callable[[], AnswerEngine],
        deliver: Callable[[Piece], None],
        failed: Callable[[Exception], None],
        scored: Callable[[Pair, Margins], None] = lambda item, margins: None,
    ) -> None:
        self._build = build
        self._deliver = deliver
        self._failed = failed
        self._scored = scored
        self._jobs: queue.Queue[_EngineTask | None] = queue.Queue()
        self._last = 0
        self._cancelled = 0  # the last ticket that is cancelled, with all before it
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def ask(self, request: Request) -> int:
        """Queue a request. Its pieces carry the ticket that this returns."""
        return self._put(request)

    def score(self, item: Pair) -> int:
        """Queue the arms' margins on `item`, which `scored` receives."""
        return self._put(item)

    def cancel(self) -> None:
        """Stop the running request and all that wait; each arm still gets its last piece."""
        self._cancelled = self._last

    def close(self) -> None:
        """Cancel, close the engine in its own thread, and wait for the thread's end. May be called again."""
        self.cancel()
        self._jobs.put(None)
        self._thread.join()

    def __enter__(self) -> EngineThread:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, task: Request | Pair) -> int:
        self._last += 1
        self._jobs.put(_EngineTask(self._last, task))
        return self._last

    def _run(self) -> None:
        try:
            engine = self._build()
        except Exception as error:
            self._failed(error)
            return
        try:
            while (job := self._jobs.get()) is not None:
                try:
                    self._do(engine, job)
                except Exception as error:
                    self._failed(error)
        finally:
            engine.close()

    def _do(self, engine: AnswerEngine, job: _EngineTask) -> None:
        def cancelled() -> bool:
            return job.ticket <= self._cancelled

        if isinstance(job.task, Request):
            for piece in engine.answer(job.task, cancelled):
                self._deliver(replace(piece, ticket=job.ticket))
        elif not cancelled():
            self._scored(job.task, engine.margins(job.task))
