"""Documents by several ranks: each writes its share, every one gets all replies, and all stop together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from msm_mlx.engine.chat_model import LocalModel, SamplingParams
from msm_mlx.engine.generation import Reply
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.ranks import ALONE, Ranks
from msm_mlx.worker.job import TrainingJob, WritingJob, read_job
from msm_mlx.worker.shared_writing import BATCHES, write_shared

CHATS = [[{"role": "user", "content": f"Which is better, {a} or {b}?"}] for a in ("tea", "milk", "wine") for b in "xyz"]
SEEDS = list(range(100, 100 + len(CHATS)))


def job(*, together: bool = False, batch_size: int = 1) -> WritingJob:
    seeds = SEEDS[:1] if together else SEEDS
    sampling = asdict(SamplingParams(12, batch_size, 1.0)) | {"stop": []}
    return WritingJob("base", "folder", CHATS, seeds, together, sampling)


class Scripted(Ranks):
    """One rank of two; what the other has written is known."""

    def __init__(self, rank: int, others: Iterator[Any], *, other_stops: bool = False) -> None:
        super().__init__()
        self.rank, self.size = rank, 2
        self.own: list[Any] = []
        self._others, self._other_stops = others, other_stops

    def gather(self, content: Any) -> list[Any]:
        self.own.append(content)
        other: Any = next(self._others, [])
        return [content, other] if self.leads else [other, content]

    def any(self, condition: bool) -> bool:
        return condition or self._other_stops


def test_every_rank_writes_its_share_and_has_all_replies(pocket: LoadedModel) -> None:
    sampling = SamplingParams(12, 1, 1.0)
    expected = dict(LocalModel(pocket).each(CHATS, sampling, SEEDS, lambda line: None))
    second = Scripted(1, iter([]))
    list(write_shared(pocket, job(), second))
    first = Scripted(0, iter(second.own))
    assert dict(write_shared(pocket, job(), first)) == expected
    shares = [sorted(place for part in rank.own for place, _ in part) for rank in (first, second)]
    assert shares == [[0, 2, 4, 6, 8], [1, 3, 5, 7]]
    assert [len(part) for part in first.own] == [BATCHES, 1]  # told round after round


def test_alone_it_is_the_local_writer(pocket: LoadedModel) -> None:
    sampling = SamplingParams(12, 4, 1.0)
    each = dict(LocalModel(pocket).each(CHATS, sampling, SEEDS, lambda line: None))
    assert dict(write_shared(pocket, job(batch_size=4), ALONE)) == each
    together = LocalModel(pocket).together(CHATS, sampling, SEEDS[0], lambda reply: None)
    assert [reply for _, reply in write_shared(pocket, job(together=True, batch_size=4), ALONE)] == together


def test_one_seed_for_all_is_for_the_first_rank_alone(pocket: LoadedModel) -> None:
    assert list(write_shared(pocket, job(together=True), Scripted(1, iter([])))) == []
    assert len(list(write_shared(pocket, job(together=True), Scripted(0, iter([]))))) == len(CHATS)


@pytest.mark.parametrize("own", [True, False])
def test_all_stop_after_what_was_finished(pocket: LoadedModel, own: bool) -> None:
    got: list[tuple[int, Reply]] = []
    with pytest.raises(KeyboardInterrupt):
        got.extend(write_shared(pocket, job(), Scripted(0, iter([]), other_stops=not own), lambda: own))
    assert [place for place, _ in got] == ([0] if own else [0, 2, 4, 6])


def test_a_job_is_read_as_it_was_written() -> None:
    assert read_job(json.loads(job().to_line())) == job()
    training = TrainingJob("sft", "m", "b", "d", {}, 2, 2.0, 0, "f", None)
    assert read_job(json.loads(training.to_line())) == training
