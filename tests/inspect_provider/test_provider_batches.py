"""Prompts from many threads are answered together, each with its own reply."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from typing import Any

import pytest
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.inspect_provider.batches import BatchThread, Sampling

GREEDY = Sampling(8, 0.0, None)
NO_MODEL: Any = LoadedModel(None, None, POCKET_WEIGHTS)


class Echo:
    """Answers with the first id of the prompt, once it is let go; an id below zero breaks its batch."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Event()
        self.batches: list[tuple[list[int], Sampling]] = []

    def __call__(self, loaded: LoadedModel, prompts: Sequence[Sequence[int]], sampling: Sampling) -> list[Reply]:
        self.batches.append(([prompt[0] for prompt in prompts], sampling))
        self.begun.set()
        assert self.go.wait(60)
        if any(prompt[0] < 0 for prompt in prompts):
            raise MsmError("broken")
        return [Reply(str(prompt[0]), 1, True) for prompt in prompts]


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def thread(echo: Echo) -> Iterator[BatchThread]:
    with closing(BatchThread(lambda: NO_MODEL, echo, batch_size=3)) as thread:
        yield thread
        echo.go.set()


def occupy(thread: BatchThread, echo: Echo) -> Future[Reply]:
    """A first batch that runs until `echo.go`, so that what follows gathers."""
    first = thread.submit([0], GREEDY)
    assert echo.begun.wait(60)
    return first


def test_what_gathers_is_answered_together_up_to_the_batch_size(thread: BatchThread, echo: Echo) -> None:
    futures = [occupy(thread, echo), *(thread.submit([number], GREEDY) for number in range(1, 6))]
    echo.go.set()

    assert [future.result(60).text for future in futures] == list("012345")
    assert [ids for ids, _ in echo.batches] == [[0], [1, 2, 3], [4, 5]]


def test_a_batch_has_one_sampling(thread: BatchThread, echo: Echo) -> None:
    warm = Sampling(8, 1.0, None)
    occupy(thread, echo)
    futures = [thread.submit([number], warm if number % 2 else GREEDY) for number in range(6)]
    echo.go.set()

    assert [future.result(60).text for future in futures] == list("012345")
    assert all({warm if number % 2 else GREEDY for number in ids} == {used} for ids, used in echo.batches[1:])


def test_an_error_belongs_to_its_batch_alone(thread: BatchThread, echo: Echo) -> None:
    echo.go.set()
    with pytest.raises(MsmError, match="broken"):
        thread.submit([-1], GREEDY).result(60)
    assert thread.submit([7], GREEDY).result(60).text == "7"


def test_what_is_cancelled_is_not_asked(thread: BatchThread, echo: Echo) -> None:
    occupy(thread, echo)
    cancelled, kept = thread.submit([1], GREEDY), thread.submit([2], GREEDY)
    assert cancelled.cancel()
    echo.go.set()

    assert kept.result(60).text == "2"
    assert [ids for ids, _ in echo.batches] == [[0], [2]]


def test_closing_answers_what_was_asked(echo: Echo) -> None:
    thread = BatchThread(lambda: NO_MODEL, echo, batch_size=3)
    futures = [occupy(thread, echo), *(thread.submit([number], GREEDY) for number in range(1, 8))]
    echo.go.set()
    thread.close()
    thread.close()

    assert [future.result(0).text for future in futures] == list("01234567")


def test_a_model_that_cannot_be_loaded_is_told_at_once(echo: Echo) -> None:
    def load() -> LoadedModel:
        raise MsmError("no model")

    with pytest.raises(MsmError, match="no model"):
        BatchThread(load, echo, batch_size=1)
