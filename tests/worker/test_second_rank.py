"""Two processes on one machine that share the rows of every update."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.tiny_models import POCKET_WEIGHTS
from helpers.training_jobs import job

from msm_mlx.engine.loaded_model import load_base
from msm_mlx.errors import MsmError
from msm_mlx.training.metrics import Update
from msm_mlx.worker.second_rank import second_rank_helps
from msm_mlx.worker.supervisor import COMMAND, ModelProcess

# the model process, for which a second rank is always worth while
WITH_A_SECOND = (
    sys.executable,
    "-c",
    "import msm_mlx.worker.second_rank as second; second.second_rank_helps = lambda loaded: True\n"
    "from msm_mlx.worker.process import main; main()",
)


def test_a_small_model_is_trained_by_one_process() -> None:
    assert not second_rank_helps(load_base(POCKET_WEIGHTS))


@pytest.mark.slow
def test_two_processes_train_what_one_trains(tmp_path: Path) -> None:
    lines: list[str] = []
    alone, together = (losses(tmp_path / command[1], lines, command) for command in (COMMAND, WITH_A_SECOND))
    assert together == pytest.approx(alone, abs=1e-3)
    assert sum("Two processes" in line for line in lines) == 1  # they stay for the next job


def losses(folder: Path, lines: list[str], command: Sequence[str]) -> list[float]:
    updates: list[Update] = []
    with ModelProcess(lines.append, command) as process:
        for seed in (0, 1):
            process.train(replace(job(folder), folder=str(folder / str(seed)), seed=seed), updates.append)
    return [update.loss for update in updates]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc for the second process")
def test_where_one_process_is_ended_the_other_ends_as_well(tmp_path: Path) -> None:
    def end_the_second(update: Update) -> None:
        os.kill(second_of(process), signal.SIGKILL)

    with ModelProcess(lambda line: None, WITH_A_SECOND) as process, pytest.raises(MsmError, match="signal 9"):
        process.train(job(tmp_path, updates=500), end_the_second)


def second_of(process: ModelProcess) -> int:
    [child] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(child)
