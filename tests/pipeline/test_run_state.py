"""Which state the stages of a run are said to be in, and because of what."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest
from helpers.recorded_runs import SIZE, recipe_with, record_run

from msm_mlx.errors import MsmError
from msm_mlx.pipeline.run_state import StageState, recorded_states, run_states
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import RECORD

SETTINGS = ("arms=[base, sft, msm+sft]", "seeds=[0, 3]")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded") / "cheese"
    record_run(folder, *SETTINGS)
    return folder


@pytest.fixture
def folder(recorded: Path, tmp_path: Path) -> Path:
    """A run with two seeds whose stages are all done."""
    return Path(copytree(recorded, tmp_path / "cheese"))


def states_in(folder: Path, *changes: str) -> dict[str, StageState]:
    """For the recipe that the run was made with, and `changes`."""
    return by_id(run_states(recipe_with(*SETTINGS, *changes), RunFolder(folder)))


def by_id(states: list[StageState]) -> dict[str, StageState]:
    return {state.id: state for state in states}


def test_what_is_done_has_its_time_and_the_size_of_its_files(folder: Path) -> None:
    states = states_in(folder)

    assert {state.state for state in states.values()} == {"done"}
    training = states["sft msm+sft-s3"]
    assert (training.kind, training.subject, training.seed, training.update) == ("sft", "msm+sft", 3, None)
    assert (training.seconds, training.reason) == (20.0, "")
    assert training.size == 3 * SIZE
    assert states["demonstrations"].subject == ""
    assert recorded_states(RunFolder(folder)) == list(states.values())


def test_what_is_gone_and_what_reads_it_is_stale(folder: Path) -> None:
    (folder / "adapters/msm-s3/adapters.safetensors").unlink()

    stale = {name: state.reason for name, state in states_in(folder).items() if state.state == "stale"}
    assert stale == {
        "midtrain msm-s3": "adapters/msm-s3/adapters.safetensors is missing",
        "sft msm+sft-s3": "after midtrain",
        "evaluate msm+sft-s3": "after sft",
        "results": "after evaluate",
    }


def test_another_setting_makes_stale_what_it_decides(folder: Path) -> None:
    states = states_in(folder, "midtrain.learning_rate=1e-4")

    assert states["midtrain msm-s0"].state == "stale"
    assert states["midtrain msm-s0"].reason == "its inputs changed (learning_rate)"
    assert states["sft sft-s0"].state == "done"


def test_what_a_recipe_has_more_is_missing_and_what_it_has_lost_is_unused(folder: Path) -> None:
    states = states_in(folder, "seeds=[0, 4]")

    assert (states["sft sft-s4"].state, states["sft sft-s4"].size) == ("missing", 0)
    assert states["sft sft-s3"].state == "unused"
    assert states["results"].state == "stale"


def test_a_stage_that_has_not_ended_was_stopped_runs_or_failed(folder: Path) -> None:
    run = RunFolder(folder)
    run.begin("sft sft-s0", run.record()["stages"]["sft sft-s0"]["inputs"], ["adapters/sft-s0/metrics.jsonl"])

    assert states_in(folder)["sft sft-s0"].state == "stopped"
    with RunFolder(folder).lock():
        assert states_in(folder)["sft sft-s0"].state == "running"
    run.note("sft sft-s0", failure="the loss is not finite")
    failed = states_in(folder)["sft sft-s0"]
    assert (failed.state, failed.reason) == ("failed", "the loss is not finite")


def test_a_damaged_record_is_an_error(folder: Path) -> None:
    (folder / RECORD).write_text("{", encoding="utf-8")
    with pytest.raises(MsmError, match="damaged"):
        recorded_states(RunFolder(folder))
