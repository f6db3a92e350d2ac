"""Chats from anywhere, replied to together in the one thread that owns the model."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from msm_mlx.engine.chat_model import ChatModel, Reply, SamplingParams, replies_in_order
from msm_mlx.engine.multi_adapter import release_thread
from msm_mlx.prompting.prompts import Message

GATHER = 0.1  # seconds that the first chat of a batch waits for others, which come one after another

Model = TypeVar("Model", bound=ChatModel)


@dataclass(frozen=True)
class _WaitingPrompt:
    chat: Sequence[Message]
    sampling: SamplingParams
    seed: int
    reply: Future[Reply] = field(default_factory=Future)


class BatchThread(Generic[Model]):
    """Loads a model in a thread of its own and asks it there, up to `batch_size` chats of equal sampling at once.

    While one batch is replied to the next one gathers. Raises what `load` raises.
    """

    def __init__(self, load: Callable[[], Model], batch_size: int) -> None:
        self._load = load
        self._batch_size = batch_size
        self._jobs: queue.Queue[_WaitingPrompt | None] = queue.Queue()
        self._loaded: Future[Model] = Future()
        self._thread = threading.Thread(target=self._run, name="inspect-batches", daemon=True)
        self._thread.start()
        self.model = self._loaded.result()

    def submit(self, chat: Sequence[Message], sampling: SamplingParams, seed: int) -> Future[Reply]:
        """The reply to come; one that is cancelled before its batch begins is never asked for."""
        job = _WaitingPrompt(chat, sampling, seed)
        self._jobs.put(job)
        return job.reply

    def close(self) -> None:
        """Have what has been submitted replied to, then end the thread. May be called again."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loaded.set_result(self._load())
            for batch in self._batches():
                self._serve(batch)
        except BaseException as error:
            self._loaded.set_exception(error)
        finally:
            release_thread()

    def _batches(self) -> Iterator[list[_WaitingPrompt]]:
        waiting: list[_WaitingPrompt] = []
        closing = False
        while waiting or not closing:
            if not waiting:
                closing = not self._take(waiting, None)
            while not closing and len(waiting) < self._batch_size:
                try:
                    closing = not self._take(waiting, GATHER)
                except queue.Empty:
                    break
            batch = [job for job in waiting if job.sampling == waiting[0].sampling][: self._batch_size]
            waiting = [job for job in waiting if job not in batch]
            yield batch

    def _take(self, waiting: list[_WaitingPrompt], timeout: float | None) -> bool:
        """Move one job over; False if there is none to come."""
        job = self._jobs.get(timeout=timeout)
        if job is not None:
            waiting.append(job)
        return job is not None

    def _serve(self, batch: Sequence[_WaitingPrompt]) -> None:
        jobs = [job for job in batch if job.reply.set_running_or_notify_cancel()]
        if not jobs:
            return
        chats, seeds = [job.chat for job in jobs], [job.seed for job in jobs]
        try:
            replies = replies_in_order(self.model, chats, jobs[0].sampling, seeds)
        except Exception as error:  # belongs to those who asked; the thread goes on
            for job in jobs:
                job.reply.set_exception(error)
            return
        for job, reply in zip(jobs, replies, strict=True):
            job.reply.set_result(reply)
