"""The run folder: what is done, what is left behind, what can be borrowed, and who holds it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from msm_mlx.errors import MsmError, SetupError
from msm_mlx.files import read_jsonl, write_json
from msm_mlx.runs.folder import RunFolder, human_moment
from msm_mlx.runs.layout import EVENTS, LOCK, RECORD

INPUTS = {"stage": "documents", "spec": "abc", "count": 3}
OUTPUTS = ("documents/a.jsonl", "documents/b.json")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "runs" / "one")
    folder.path.mkdir(parents=True)
    return folder


def make(run: RunFolder, outputs: tuple[str, ...] = OUTPUTS) -> None:
    for name in outputs:
        (run.path / name).parent.mkdir(parents=True, exist_ok=True)
        (run.path / name).write_text(f"content of {Path(name).name}")


def do(run: RunFolder, inputs: dict[str, Any] = INPUTS, outputs: tuple[str, ...] = OUTPUTS) -> None:
    run.path.mkdir(parents=True, exist_ok=True)
    run.begin("documents", inputs, outputs)
    make(run, outputs)
    run.finish("documents", outputs, 1.23456)


def status(run: RunFolder, inputs: dict[str, Any] = INPUTS) -> tuple[bool, str]:
    found = run.status("documents", inputs, OUTPUTS)
    return found.cached, found.reason


# --- status --------------------------------------------------------------------------------------------------------


def test_a_new_folder_has_run_nothing(run: RunFolder) -> None:
    assert run.record() == {"schema": 1, "stages": {}, "files": {}}
    assert status(run) == (False, "not run yet")
    assert not (run.path / RECORD).exists()


def test_outputs_that_somebody_has_put_there_are_kept(run: RunFolder) -> None:
    assert status(run) == (False, "not run yet")
    make(run)
    reason = f"{OUTPUTS[0]} comes from elsewhere and is kept; delete it to have it made"
    assert status(run) == (True, reason)


def test_a_stage_that_did_not_finish_was_interrupted(run: RunFolder) -> None:
    run.begin("documents", INPUTS, OUTPUTS)
    make(run)
    assert status(run) == (False, "was interrupted")


def test_a_finished_stage_is_cached(run: RunFolder) -> None:
    do(run)
    cached, reason = status(run)
    finished = human_moment(run.record()["stages"]["documents"]["finished"])
    assert (cached, reason) == (True, f"done on {finished} from the same inputs")
    assert status(run, dict(reversed(INPUTS.items())))[0]  # the order of the inputs decides nothing


def test_moments_are_shown_by_the_clock_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert human_moment("2026-11-25T05:37:43+00:00") == "2026-11-25 11:07"
    finally:
        monkeypatch.undo()
        time.tzset()
    for damaged in ("", "yesterday", "0001-01-01T00:00:00+23:59"):
        assert human_moment(damaged) == damaged


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        (INPUTS | {"count": 4}, "count"),
        (INPUTS | {"count": "3"}, "count"),
        (INPUTS | {"spec": "x", "count": 4}, "count, spec"),
        (INPUTS | {"voice": "warm"}, "voice"),
        ({"stage": "documents", "count": 3}, "spec"),
    ],
)
@pytest.mark.parametrize("finished", [True, False])
def test_changed_inputs_are_named(run: RunFolder, inputs: dict[str, Any], named: str, finished: bool) -> None:
    if finished:
        do(run)
    else:
        run.begin("documents", INPUTS, OUTPUTS)
    assert status(run, inputs) == (False, f"its inputs changed ({named})")


def test_a_missing_output_is_named(run: RunFolder) -> None:
    do(run)
    (run.path / OUTPUTS[1]).unlink()
    assert status(run) == (False, f"{OUTPUTS[1]} is missing")


def test_an_output_changed_by_hand_is_kept_and_told(run: RunFolder) -> None:
    do(run)
    (run.path / OUTPUTS[0]).write_text("better")
    assert status(run) == (True, f"{OUTPUTS[0]} was changed by hand and is kept; delete it to have it made again")
    (run.path / OUTPUTS[0]).unlink()
    assert status(run) == (False, f"{OUTPUTS[0]} is missing")


def test_a_stage_done_again_is_cached_again(run: RunFolder) -> None:
    do(run)
    do(run, INPUTS | {"count": 4})
    assert status(run) == (False, "its inputs changed (count)")
    assert status(run, INPUTS | {"count": 4})[0]


def test_stages_are_told_apart(run: RunFolder) -> None:
    do(run)
    assert run.status("midtrain", INPUTS, ()).reason == "not run yet"
    run.begin("midtrain", INPUTS, ())
    assert status(run)[0]


# --- the record ----------------------------------------------------------------------------------------------------


def test_the_record_holds_what_was_read_and_written(run: RunFolder) -> None:
    run.describe(recipe="cheese", model={"name": "pocket"})
    do(run)
    record = json.loads((run.path / RECORD).read_text())
    assert (record["recipe"], record["model"]) == ("cheese", {"name": "pocket"})
    entry = record["stages"]["documents"]
    assert entry["inputs"] == INPUTS
    assert (entry["state"], entry["seconds"], list(entry["outputs"])) == ("done", 1.235, list(OUTPUTS))
    assert "borrowed_from" not in entry


def test_what_is_noted_of_a_running_stage_stays_with_it(run: RunFolder) -> None:
    run.begin("documents", INPUTS, OUTPUTS)
    run.note("documents", crash="out of memory")
    make(run)
    run.finish("documents", OUTPUTS, 1.0)
    assert run.record()["stages"]["documents"]["crash"] == "out of memory"
    assert [row.get("crash") for row in read_jsonl(run.path / EVENTS)] == [None, "out of memory", None]


def test_stages_that_ran_at_once_are_put_into_order(run: RunFolder) -> None:
    for name in ("c", "a", "earlier", "b"):
        run.begin(name, INPUTS, [f"{name}.txt"])
    run.arrange(["a", "b", "none", "c"])
    assert list(json.loads((run.path / RECORD).read_text())["stages"]) == ["earlier", "a", "b", "c"]


def test_events_are_appended(run: RunFolder) -> None:
    do(run)
    run.event("note", text="é")
    events = read_jsonl(run.path / EVENTS)
    assert [(e["event"], e.get("stage"), e.get("seconds")) for e in events] == [
        ("begin", "documents", None),
        ("finish", "documents", 1.235),
        ("note", None, None),
    ]
    assert [e["at"] for e in events] == sorted(e["at"] for e in events)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '"run"',
        "{}",
        '{"schema": 2, "stages": {}, "files": {}}',
        '{"schema": 1, "stages": {}}',
        '{"schema": 1, "stages": {}, "files": {"a": 1}}',
        '{"schema": 1, "stages": {}, "files": {"a": {"stage": "documents"}}}',
        '{"schema": 1, "stages": [], "files": {}}',
        '{"schema": 1, "stages": {"documents": 1}, "files": {}}',
        '{"schema": 1, "stages": {"documents": {}}, "files": {}}',
        '{"schema": 1, "stages": {"documents": {"key": "a", "state": "half"}}, "files": {}}',
        '{"schema": 1, "stages": {"documents": {"key": "a", "state": "done"}}, "files": {}}',
        "\xff",
    ],
)
def test_a_damaged_record_is_an_error_that_says_what_to_do(run: RunFolder, content: str) -> None:
    (run.path / RECORD).write_bytes(content.encode("latin-1"))
    with pytest.raises(MsmError, match=r"run\.json: not a run record.*move the folder away or choose another"):
        status(run)
    with pytest.raises(MsmError, match="not a run record"):
        run.begin("documents", INPUTS, ())
    assert (run.path / RECORD).read_bytes() == content.encode("latin-1")


# --- leftovers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("finished", [True, False])
def test_leftovers_of_the_same_inputs_stay(run: RunFolder, finished: bool) -> None:
    run.begin("documents", INPUTS, OUTPUTS)
    make(run)
    if finished:
        run.finish("documents", OUTPUTS, 1)
    run.begin("documents", dict(INPUTS), OUTPUTS)
    assert all((run.path / name).exists() for name in OUTPUTS)
    assert status(run) == (False, "was interrupted")


@pytest.mark.parametrize("known", [True, False])
def test_leftovers_of_other_inputs_go(run: RunFolder, known: bool) -> None:
    if known:
        run.begin("documents", INPUTS | {"count": 4}, ())
    make(run, (*OUTPUTS, "documents/other"))
    run.begin("documents", INPUTS, (*OUTPUTS, "documents/never-made"))
    assert [path.name for path in (run.path / "documents").iterdir()] == ["other"]


# --- borrowing -----------------------------------------------------------------------------------------------------


@pytest.fixture
def neighbour(run: RunFolder) -> RunFolder:
    """A run beside `run` that has done the stage from the same inputs."""
    other = RunFolder(run.path.with_name("other"))
    do(other)
    return other


def contents(run: RunFolder, names: tuple[str, ...] = OUTPUTS) -> list[str]:
    return [(run.path / name).read_text() for name in names]


def test_outputs_are_copied_from_a_neighbour(run: RunFolder, neighbour: RunFolder) -> None:
    run.begin("documents", INPUTS, OUTPUTS)
    assert run.borrow("documents", INPUTS, OUTPUTS) == "other"
    run.finish("documents", OUTPUTS, 0.1, borrowed_from="other")
    assert contents(run) == contents(neighbour)
    assert status(run)[0]
    assert run.record()["stages"]["documents"]["borrowed_from"] == "other"
    (run.path / OUTPUTS[0]).write_text("mine")  # a copy, not a link
    assert contents(neighbour)[0] != "mine"


def test_what_was_noted_of_the_outputs_comes_along(run: RunFolder, neighbour: RunFolder) -> None:
    neighbour.note("documents", outcome={"updates": 3}, crash={"reason": "none"})
    run.begin("documents", INPUTS, OUTPUTS)
    run.borrow("documents", INPUTS, OUTPUTS)
    entry = run.record()["stages"]["documents"]
    assert entry["outcome"] == {"updates": 3}
    assert "crash" not in entry  # which is about the attempt


def test_copies_can_have_other_names(run: RunFolder, neighbour: RunFolder) -> None:
    names = ("documents/spec/a.jsonl", "documents/spec/b.json")
    assert run.borrow("documents", INPUTS, names) == "other"
    assert contents(run, names) == contents(neighbour)


def test_nothing_is_borrowed_for_other_inputs(run: RunFolder, neighbour: RunFolder) -> None:
    assert neighbour.path.exists()
    assert run.borrow("documents", INPUTS | {"count": 4}, OUTPUTS) is None
    assert list(run.path.iterdir()) == []


def test_the_same_work_under_other_names_is_taken_from_oneself(run: RunFolder) -> None:
    do(run)
    assert run.borrow("documents", INPUTS, [f"drafts/{name}" for name in OUTPUTS]) == run.path.name
    assert [(run.path / "drafts" / name).read_bytes() for name in OUTPUTS] == [
        (run.path / name).read_bytes() for name in OUTPUTS
    ]


def test_nothing_is_borrowed_from_oneself(run: RunFolder) -> None:
    do(run)
    assert run.borrow("documents", INPUTS, OUTPUTS) is None


def test_nothing_is_borrowed_from_an_unfinished_run(run: RunFolder, neighbour: RunFolder) -> None:
    neighbour.begin("documents", INPUTS, ())
    assert run.borrow("documents", INPUTS, OUTPUTS) is None


@pytest.mark.parametrize("which", OUTPUTS)
@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_nothing_is_borrowed_that_has_changed(run: RunFolder, neighbour: RunFolder, which: str, change: str) -> None:
    path = neighbour.path / which
    path.unlink() if change == "deleted" else path.write_text("edited")
    assert run.borrow("documents", INPUTS, OUTPUTS) is None
    assert list(run.path.iterdir()) == []


def test_nothing_is_borrowed_if_the_outputs_differ_in_number(run: RunFolder, neighbour: RunFolder) -> None:
    assert neighbour.path.exists()
    assert run.borrow("documents", INPUTS, OUTPUTS[:1]) is None


def test_a_damaged_neighbour_is_passed_over(run: RunFolder, neighbour: RunFolder) -> None:
    for name, content in (("aa", "{"), ("ab", '{"schema": 1, "stages": {"documents": 3}}')):
        neighbour.path.with_name(name).mkdir()
        (neighbour.path.with_name(name) / RECORD).write_text(content)
    assert run.borrow("documents", INPUTS, OUTPUTS) == "other"


def test_the_first_neighbour_by_name_lends(run: RunFolder, neighbour: RunFolder) -> None:
    do(RunFolder(neighbour.path.with_name("another")))
    assert run.borrow("documents", INPUTS, OUTPUTS) == "another"
    (neighbour.path.with_name("another") / OUTPUTS[0]).unlink()
    assert run.borrow("documents", INPUTS, OUTPUTS) == "other"


# --- the lock ------------------------------------------------------------------------------------------------------

HOLD = (
    "import sys, time; from pathlib import Path; from msm_mlx.runs.folder import RunFolder\n"
    "with RunFolder(Path(sys.argv[1])).lock():\n"
    "    print('held', flush=True); sys.stdin.read()"
)


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds `folder` until its stdin is closed."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def enter(run: RunFolder) -> bool:
    with run.lock():
        return True


def test_the_lock_keeps_a_second_process_out_until_the_first_ends(run: RunFolder) -> None:
    with holder(run.path) as process:
        with pytest.raises(MsmError) as caught:
            enter(run)
        assert str(caught.value) == (
            f"{run.path}: is in use by another msm-mlx (process {process.pid}); wait for it, or use --run-dir"
        )
        with pytest.raises(MsmError, match=f"process {process.pid}"):  # asking has not changed the holder's name
            enter(run)
        process.communicate()
        assert process.returncode == 0
        assert enter(run)


def test_a_killed_process_holds_nothing(run: RunFolder) -> None:
    with holder(run.path) as process:
        process.kill()
        assert process.wait() == -9
        assert enter(run)
    assert (run.path / LOCK).read_text().isdigit()


def test_the_lock_is_let_go_if_the_block_raises(run: RunFolder) -> None:
    def fail() -> None:
        with run.lock():
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert enter(run)


def test_the_lock_makes_the_folder(tmp_path: Path) -> None:
    assert enter(RunFolder(tmp_path / "a" / "b"))
    assert (tmp_path / "a" / "b" / LOCK).exists()


def test_a_lock_that_cannot_be_written_is_a_setup_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="--run-dir"):
        enter(RunFolder(tmp_path / "file"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_under_the_lock_is_a_setup_error(run: RunFolder) -> None:
    (run.path / LOCK).symlink_to("/dev/full")
    with pytest.raises(SetupError, match=r"\.lock: cannot be written"):
        enter(run)


def test_a_record_that_cannot_be_written_is_a_setup_error(run: RunFolder) -> None:
    write_json(run.path / RECORD, run.record())
    (run.path / EVENTS).mkdir()
    with pytest.raises(SetupError, match=r"events\.jsonl: cannot be written: a folder is in the way"):
        run.begin("documents", INPUTS, ())
