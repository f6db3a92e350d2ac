"""Documents by several ranks: each writes its share, every one gets all replies, and all stop together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from msm_mlx.engine.chat_model import LongPromptError, Reply, SamplingParams
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.engine.ranks import SINGLE_RANK, Ranks
from msm_mlx.prompting.prompts import Message
from msm_mlx.worker.job import TrainingJob, WritingJob, parse_job
from msm_mlx.worker.shared_writing import BATCHES, write_shared

CHATS = [[{"role": "user", "content": f"Which is better, {a} or {b}?"}] for a in ("tea", "milk", "wine") for b in "xyz"]
SEEDS = list(range(100, 100 + len(CHATS)))


def job(*, batch_size: int = 1, chats: list[list[Message]] = CHATS, long_prompts: str = "refuse") -> WritingJob:
    sampling = asdict(SamplingParams(12, batch_size, 1.0)) | {"stop": []}
    return WritingJob("base", "folder", chats, SEEDS[: len(chats)], sampling, long_prompts)


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
        return [content, other] if self.is_rank_zero else [other, content]

    def any(self, condition: bool) -> bool:
        return condition or self._other_stops


@pytest.mark.slow
def test_every_rank_writes_its_share_and_has_all_replies(pocket: LoadedModel) -> None:
    sampling = SamplingParams(12, 1, 1.0)
    expected = dict(LocalModel(pocket).replies(CHATS, sampling, SEEDS))
    second = Scripted(1, iter([]))
    list(write_shared(pocket, job(), second))
    first = Scripted(0, iter(second.own))
    assert dict(write_shared(pocket, job(), first)) == expected
    shares = [sorted(place for part in rank.own for place, _ in part) for rank in (first, second)]
    assert shares == [[0, 2, 4, 6, 8], [1, 3, 5, 7]]
    assert [len(part) for part in first.own] == [BATCHES, 1]  # told round after round


def test_alone_it_is_the_local_writer(pocket: LoadedModel) -> None:
    sampling = SamplingParams(12, 4, 1.0)
    replies = dict(LocalModel(pocket).replies(CHATS, sampling, SEEDS))
    assert dict(write_shared(pocket, job(batch_size=4), SINGLE_RANK)) == replies


@pytest.mark.parametrize("rank", [0, 1])
def test_all_ranks_agree_on_what_is_too_long(pocket: LoadedModel, rank: int) -> None:
    long = [[{"role": "user", "content": "tea " * 2000}], *CHATS[:3]]
    with pytest.raises(LongPromptError, match="leaves no room for a reply"):
        list(write_shared(pocket, job(chats=long), Scripted(rank, iter([]))))
    own = Scripted(rank, iter([]))
    list(write_shared(pocket, job(chats=long, long_prompts="skip"), own))
    assert [index for part in own.own for index, _ in part] == ([1, 3] if rank == 0 else [2])


@pytest.mark.parametrize("own", [True, False])
def test_all_stop_after_what_was_finished(pocket: LoadedModel, own: bool) -> None:
    got: list[tuple[int, Reply]] = []
    with pytest.raises(KeyboardInterrupt):
        got.extend(write_shared(pocket, job(), Scripted(0, iter([]), other_stops=not own), lambda: own))
    assert [place for place, _ in got] == ([0] if own else [0, 2, 4, 6])


def test_a_job_is_read_as_it_was_written() -> None:
    assert parse_job(json.loads(job().to_line())) == job()
    training = TrainingJob("sft", "m", "b", "d", {}, 2, 2.0, 0, "f", None)
    assert parse_job(json.loads(training.to_line())) == training
