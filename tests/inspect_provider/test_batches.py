"""Prompts from many threads are answered together, each with its own reply."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing

import pytest

from msm_mlx.engine.chat_model import LongPrompt, Reply, SamplingParams
from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.errors import MsmError
from msm_mlx.inspect_provider.batches import BatchThread
from msm_mlx.prompting.prompts import Message

GREEDY, WARM = SamplingParams(8, 3), SamplingParams(8, 3, 1.0)


class Echo:
    """Replies with the question, once it is let go; the question "broken" breaks its batch."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Event()
        self.batches: list[tuple[list[str], SamplingParams]] = []
        self.model = ScriptedModel(lambda chat, seed: f"{chat[0]['content']} {seed}")

    def replies(
        self,
        chats: Sequence[Sequence[Message]],
        sampling: SamplingParams,
        seeds: Sequence[int],
        *,
        long_prompts: LongPrompt = LongPrompt.REFUSE,
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[int, Reply]]:
        questions = [chat[0]["content"] for chat in chats]
        self.batches.append((questions, sampling))
        self.begun.set()
        assert self.go.wait(60)
        if "broken" in questions:
            raise MsmError("broken")
        return self.model.replies(chats, sampling, seeds)


def ask(thread: BatchThread[Echo], question: object, sampling: SamplingParams = GREEDY) -> Future[Reply]:
    return thread.submit([{"role": "user", "content": str(question)}], sampling, 7)


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def thread(echo: Echo) -> Iterator[BatchThread[Echo]]:
    with closing(BatchThread(lambda: echo, batch_size=3)) as thread:
        yield thread
        echo.go.set()


def occupy(thread: BatchThread[Echo], echo: Echo) -> Future[Reply]:
    """A first batch that runs until `echo.go`, so that what follows gathers."""
    first = ask(thread, "0")
    assert echo.begun.wait(60)
    return first


def test_what_gathers_is_answered_together_up_to_the_batch_size(thread: BatchThread[Echo], echo: Echo) -> None:
    futures = [occupy(thread, echo), *(ask(thread, number) for number in range(1, 6))]
    echo.go.set()

    assert [future.result(60).text for future in futures] == [f"{n} 7" for n in range(6)]
    assert [questions for questions, _ in echo.batches] == [["0"], ["1", "2", "3"], ["4", "5"]]


def test_a_batch_has_one_sampling(thread: BatchThread[Echo], echo: Echo) -> None:
    occupy(thread, echo)
    futures = [ask(thread, number, WARM if number % 2 else GREEDY) for number in range(6)]
    echo.go.set()

    assert [future.result(60).text for future in futures] == [f"{n} 7" for n in range(6)]
    for questions, sampling in echo.batches[1:]:
        assert {WARM if int(number) % 2 else GREEDY for number in questions} == {sampling}


def test_an_error_belongs_to_its_batch_alone(thread: BatchThread[Echo], echo: Echo) -> None:
    echo.go.set()
    with pytest.raises(MsmError, match="broken"):
        ask(thread, "broken").result(60)
    assert ask(thread, "a").result(60).text == "a 7"


def test_what_is_cancelled_is_not_asked(thread: BatchThread[Echo], echo: Echo) -> None:
    occupy(thread, echo)
    cancelled, kept = ask(thread, 1), ask(thread, 2)
    assert cancelled.cancel()
    echo.go.set()

    assert kept.result(60).text == "2 7"
    assert [questions for questions, _ in echo.batches] == [["0"], ["2"]]


def test_closing_answers_what_was_asked(echo: Echo) -> None:
    thread = BatchThread(lambda: echo, batch_size=3)
    futures = [occupy(thread, echo), *(ask(thread, number) for number in range(1, 8))]
    echo.go.set()
    thread.close()
    thread.close()

    assert [future.result(0).text for future in futures] == [f"{n} 7" for n in range(8)]


def test_a_model_that_cannot_be_loaded_is_told_at_once() -> None:
    def load() -> Echo:
        raise MsmError("no model")

    with pytest.raises(MsmError, match="no model"):
        BatchThread(load, batch_size=1)
