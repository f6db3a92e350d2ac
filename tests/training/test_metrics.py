"""The metrics of a training: written in batches, and continued after a kill at any moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl
from msm_mlx.training.metrics import FLUSH_SECONDS, MetricsLog, Update, Validation


def update(number: int) -> Update:
    return Update(
        number=number,
        loss=1.0,
        gradient_norm=0.5,
        learning_rate=1e-3,
        supervised_tokens=10,
        tokens=16,
        seconds=2.0,
        peak_memory=0,
        cache_memory=0,
    )


def log_of(path: Path, updates: int) -> MetricsLog:
    log = MetricsLog(path, lambda: 0.0)
    log.start(0)
    for number in range(1, updates + 1):
        log.update(update(number))
    log.flush()
    return log


def test_rows_are_written_at_most_once_in_an_interval(tmp_path: Path) -> None:
    now = 0.0
    log = MetricsLog(tmp_path / "metrics.jsonl", lambda: now)
    log.start(0)
    log.update(update(1))
    log.validation(Validation(1, 0.9, 1))
    assert read_jsonl(tmp_path / "metrics.jsonl") == []

    now = FLUSH_SECONDS
    log.update(update(2))
    assert [row["number"] for row in read_jsonl(tmp_path / "metrics.jsonl")] == [1, 1, 2]


def test_rates_are_per_second_of_the_update(tmp_path: Path) -> None:
    log_of(tmp_path / "metrics.jsonl", 1)
    (row,) = read_jsonl(tmp_path / "metrics.jsonl")
    assert (row["supervised_tokens_per_second"], row["tokens_per_second"]) == (5.0, 8.0)


@pytest.mark.parametrize("finished", [0, 2, 3])
def test_updates_after_the_checkpoint_are_dropped(finished: int, tmp_path: Path) -> None:
    log_of(tmp_path / "metrics.jsonl", 3).start(finished)
    assert [row["number"] for row in read_jsonl(tmp_path / "metrics.jsonl")] == list(range(1, finished + 1))


def test_a_line_that_a_kill_has_torn_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    log = log_of(path, 3)
    path.write_bytes(path.read_bytes()[:-20])
    log.start(2)
    assert [row["number"] for row in read_jsonl(path)] == [1, 2]


def test_a_damaged_line_in_the_middle_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    log = log_of(path, 3)
    path.write_text(path.read_text().replace('{"number": 2', '{"number: 2'))
    with pytest.raises(MsmError, match=r"metrics\.jsonl:2: damaged"):
        log.start(3)
