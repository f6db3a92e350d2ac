"""Files of a run pass as nothing else: made for another subject they go, a person's own are kept or refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from msm_mlx.runs.folder import RunFolder, Status
from msm_mlx.runs.origins import REMEDY, Claim

FILE, SECOND = "documents/documents.jsonl", "documents/health.json"
A, B = Claim("the spec a", ["spec"], ["count"], [FILE]), Claim("the spec b", ["spec"], ["count"], [FILE])
OF_A: dict[str, Any] = {"spec": "a", "count": 3, "heat": 1}
OF_B = OF_A | {"spec": "b"}
KEPT = Status(True, f"{FILE} comes from elsewhere and is kept; delete it to have it made", from_elsewhere=True)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    (folder.path / "documents").mkdir(parents=True)
    return folder


def put(run: RunFolder, text: str) -> None:
    (run.path / FILE).write_text(text)


def do(run: RunFolder, stage: str, inputs: dict[str, Any], claim: Claim, *, finish: bool = True) -> None:
    run.begin(stage, inputs, [FILE], claim=claim)
    put(run, f"made for {claim.about}")
    if finish:
        run.finish(stage, [FILE], 1.0)


def status(run: RunFolder, stage: str, inputs: dict[str, Any], claim: Claim, files: Sequence[str] = (FILE,)) -> Status:
    """As another process would see it."""
    return RunFolder(run.path).status(stage, inputs, files, claim)


@pytest.mark.parametrize("finish", [True, False], ids=["finished", "interrupted"])
def test_what_was_made_for_another_spec_is_made_anew_in_either_direction(run: RunFolder, finish: bool) -> None:
    do(run, "documents a", OF_A, A, finish=finish)
    assert status(run, "documents b", OF_B, B) == Status(False, f"{FILE} was made for the spec a")
    do(run, "documents b", OF_B, B)
    assert status(run, "documents a", OF_A, A) == Status(False, f"{FILE} was made for the spec b")
    assert list(run.record()["stages"]) == ["documents b"]


def test_a_file_that_was_put_there_is_kept_for_what_it_was_first_kept_for(run: RunFolder) -> None:
    put(run, "mine")
    assert status(run, "documents a", OF_A, A) == KEPT
    run.keep("documents a", OF_A, [FILE, SECOND], A)
    assert status(run, "documents a", OF_A | {"heat": 2}, A) == KEPT
    refused = status(run, "documents b", OF_B, B)
    assert refused == Status(
        False,
        f"{FILE} comes from elsewhere and was kept for the spec a, and here it would be for the spec b (another spec); "
        f"{REMEDY}",
        refused=True,
    )
    assert status(run, "documents a", OF_B, B).refused  # the spec's own text changed
    put(run, "mine for b")
    assert status(run, "documents b", OF_B, B) == KEPT


def test_without_a_subject_any_other_input_makes_it_another_thing(run: RunFolder) -> None:
    put(run, "mine")
    run.keep("sft", OF_A, [FILE], Claim("sft"))
    assert status(run, "sft", OF_A, Claim("sft")) == KEPT
    assert "(another heat)" in status(run, "sft", OF_A | {"heat": 2}, Claim("sft")).reason


@pytest.mark.parametrize(
    ("inputs", "refused"),
    [(OF_A, False), (OF_A | {"count": 5}, False), (OF_A | {"heat": 2}, True), (OF_B, True)],
    ids=["same", "grown", "other settings", "other spec"],
)
def test_what_was_changed_by_hand_is_never_overwritten(run: RunFolder, inputs: dict[str, Any], refused: bool) -> None:
    do(run, "documents a", OF_A, A)
    put(run, "better")
    now = status(run, "documents a", inputs, A)
    assert now.refused == refused
    assert now.cached == (inputs == OF_A)
    if refused:
        assert f"{FILE} was changed by hand after it had been made for the spec a" in now.reason


def test_what_was_changed_by_hand_is_refused_for_another_spec_with_both_names(run: RunFolder) -> None:
    do(run, "documents a", OF_A, A)
    put(run, "better")
    now = status(run, "documents b", OF_B, B)
    assert now.refused
    assert "for the spec a, and here it would be for the spec b" in now.reason


def test_a_place_that_was_left_is_no_place_from_elsewhere(run: RunFolder) -> None:
    """With several specs the documents of each have a folder of their own, and those of before lie where they lay."""
    do(run, "documents a", OF_A, A)
    run.begin("documents a", OF_A | {"heat": 2}, [SECOND], claim=A)
    run.finish("documents a", [], 1.0)
    assert status(run, "documents b", OF_B, B) == Status(False, f"{FILE} was made for the spec a")
