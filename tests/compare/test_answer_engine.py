"""Pieces make up the whole answer, one thread owns the engine, and nothing of it outlives `close`."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from helpers.engine_listener import Listener, never, stops, texts

from msm_mlx.compare.answer_engine import Request, ScriptedEngine
from msm_mlx.errors import MsmError
from msm_mlx.suites.kinds.pairs import pairs_of
from msm_mlx.suites.load import load_suite

ANSWERS = {"Why?": {"base": "Because.", "sft": "I like\n\n  it  so. "}, "Hi": {"base": "", "sft": "Hello"}}

ITEM = pairs_of(load_suite("values_apart"))[0]


def pause(gate: threading.Semaphore) -> Callable[[], None]:
    def wait() -> None:
        gate.acquire()

    return wait


def test_scripted_pieces_make_up_the_answers_and_each_arm_stops_once() -> None:
    engine = ScriptedEngine(ANSWERS)
    for prompt, answers in ANSWERS.items():
        pieces = list(engine.answer(Request(prompt, ("base", "sft")), never))
        assert texts(pieces) == answers
        assert stops(pieces) == [("base", "end"), ("sft", "end")]
        assert all(p.stop for p in [[p for p in pieces if p.label == label][-1] for label in answers])


def test_scripted_answers_take_turns_and_end_at_the_limit_or_when_cancelled() -> None:
    engine = ScriptedEngine(lambda prompt, label: f"{prompt} {label} one two three")
    pieces = list(engine.answer(Request("P", ("a", "b"), max_tokens=3), never))
    assert [p.label for p in pieces] == ["a", "b"] * 3
    assert texts(pieces) == {"a": "P a one", "b": "P b one"}
    assert stops(pieces) == [("a", "length"), ("b", "length")]
    rounds = iter([False, True])
    pieces = list(engine.answer(Request("P", ("a", "b")), lambda: next(rounds)))
    assert texts(pieces) == {"a": "P", "b": "P"}
    assert stops(pieces) == [("a", "cancelled"), ("b", "cancelled")]


def test_everything_of_the_engine_happens_in_its_own_thread() -> None:
    seen: list[threading.Thread] = []

    class Watched(ScriptedEngine):
        def __init__(self) -> None:
            super().__init__(ANSWERS, {ITEM.id: {"base": 1.5}}, delay=self.note)
            self.note()

        def note(self) -> None:
            seen.append(threading.current_thread())

        def close(self) -> None:
            self.note()
            super().close()

    listener, engines = Listener(), []
    with listener.thread(lambda: engines.append(Watched()) or engines[0]) as thread:  # type: ignore[func-returns-value]
        first = thread.ask(Request("Why?", ("base", "sft")))
        second = thread.ask(Request("Hi", ("sft",)))
        thread.score(ITEM)
        listener.wait(lambda: bool(listener.scores))
    assert first != second
    assert texts([p for p in listener.pieces if p.ticket == first]) == ANSWERS["Why?"]
    assert texts([p for p in listener.pieces if p.ticket == second]) == {"sft": "Hello"}
    assert listener.scores == [(ITEM.id, {"base": 1.5})]
    assert set(seen) == listener.threads
    assert len(listener.threads) == 1
    assert threading.main_thread() not in listener.threads
    assert engines[0].closed
    assert not thread.alive
    assert listener.errors == []


def test_cancel_stops_what_runs_and_waits_and_nothing_later() -> None:
    gate = threading.Semaphore(3)
    engine = ScriptedEngine(lambda prompt, label: "word " * 500, delay=pause(gate))
    listener = Listener()
    with listener.thread(lambda: engine) as thread:
        running, waiting = (thread.ask(Request("P", ("a", "b"), max_tokens=999)) for _ in range(2))
        listener.wait(lambda: len(listener.pieces) == 6)
        thread.cancel()
        later = thread.ask(Request("P", ("a",), max_tokens=2))
        gate.release(10)
        listener.wait(lambda: listener.stopped(later) == 1)
    by_ticket = {ticket: [p for p in listener.pieces if p.ticket == ticket] for ticket in (running, waiting, later)}
    assert len(by_ticket[running]) == 8
    assert stops(by_ticket[running]) == stops(by_ticket[waiting]) == [("a", "cancelled"), ("b", "cancelled")]
    assert texts(by_ticket[waiting]) == {"a": "", "b": ""}
    assert stops(by_ticket[later]) == [("a", "length")]


def test_closing_ends_a_running_request_and_may_be_done_twice() -> None:
    engine = ScriptedEngine(lambda prompt, label: "word " * 200_000)
    listener = Listener()
    thread = listener.thread(lambda: engine)
    thread.ask(Request("P", ("a",), max_tokens=10**9))
    listener.wait(lambda: bool(listener.pieces))
    thread.close()
    thread.close()
    assert engine.closed
    assert not thread.alive
    assert stops(listener.pieces) == [("a", "cancelled")]


def test_a_failed_request_is_reported_and_the_next_one_answered() -> None:
    listener = Listener()
    engine = ScriptedEngine(ANSWERS)
    with listener.thread(lambda: engine) as thread:
        thread.ask(Request("unknown", ("base",)))
        thread.score(ITEM)
        last = thread.ask(Request("Hi", ("sft",)))
        listener.wait(lambda: listener.stopped(last) == 1)
    assert [type(error) for error in listener.errors] == [KeyError, KeyError]
    assert engine.closed


def test_an_engine_that_cannot_be_built_is_reported_and_ends_the_thread() -> None:
    def build() -> ScriptedEngine:
        raise MsmError("no such model")

    listener = Listener()
    with listener.thread(build) as thread:
        listener.wait(lambda: bool(listener.errors))
        thread.ask(Request("Why?", ("base",)))
    assert [str(error) for error in listener.errors] == ["no such model"]
    assert not thread.alive


def test_no_thread_is_left_over_even_after_an_exception() -> None:
    before = threading.active_count()
    for _ in range(20):
        listener = Listener()
        with pytest.raises(TypeError), listener.thread(lambda: ScriptedEngine(ANSWERS)) as thread:
            thread.ask(Request("Why?"))  # type: ignore[call-arg]
    assert threading.active_count() == before
