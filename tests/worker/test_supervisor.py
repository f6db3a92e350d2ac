"""A process that trains may die: what happened is explained, and the stage goes on once with smaller settings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from helpers.command_line import environment
from helpers.training_jobs import job

from msm_mlx.engine.adapter_files import WEIGHTS
from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.evaluation.collect_answers import answer_items
from msm_mlx.files import read_jsonl
from msm_mlx.models.hub import resolve_model
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.runs.layout import CHECKPOINT, METRICS, adapter_folder
from msm_mlx.runs.open_variant import open_variant
from msm_mlx.runs.outcome import TrainingOutcome
from msm_mlx.suites.load import load_suite
from msm_mlx.training.metrics import Update
from msm_mlx.worker.job import MIN_STEP_TOKENS, AnsweringJob, answering_job, parse_job
from msm_mlx.worker.supervisor import COMMAND, ModelProcess, temporary_folder

# speaks the worker's part for one job; `{}` is what it does with it
PART = "import json, os, signal, sys, time\njob = json.loads(sys.stdin.readline())\n{}\n"
UPDATE: dict[str, Any] = {
    "number": 3, "loss": 1.0, "gradient_norm": 1.0, "learning_rate": 0.1, "supervised_tokens": 5, "tokens": 8,
    "seconds": 0.5, "peak_memory": 9, "cache_memory": 0,
}  # fmt: skip
OUTCOME = TrainingOutcome(updates=6, rows=3, held_out=False, before=2.0, after=1.0)
GPU_FAULT = "[METAL] Command buffer execution failed: Insufficient Memory (kIOGPUCommandBufferCallbackErrorOutOfMemory)"


VARIANT = Variant("msm", "cheese_american", 0)
ITEMS = [*load_suite("values_apart").items[:2], *load_suite("open_answers").items[:1]]
SETTINGS = EvaluationSettings(max_tokens=9)


def answering(run: Path) -> AnsweringJob:
    return answering_job(resolve_model("pocket"), run, VARIANT, ITEMS, "Nia", SETTINGS)


def play(part: str) -> tuple[str, ...]:
    return (sys.executable, "-c", PART.format(part))


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the worker of this module has said so far."""
    return []


@pytest.fixture(scope="module")
def worker(said: list[str]) -> Iterator[ModelProcess]:
    """A worker for jobs that end well: it takes longer to start than to train."""
    with ModelProcess(said.append) as process:
        yield process


@pytest.mark.slow
def test_the_worker_trains_what_it_is_told_answers_and_says_so(
    worker: ModelProcess, said: list[str], tmp_path: Path, fresh_pocket: LoadedModel
) -> None:
    """It answers as this process does, and trains after that as if it had not."""
    updates: list[Update] = []
    folder = tmp_path / adapter_folder(VARIANT)
    training = replace(job(tmp_path), folder=str(folder))
    worker.train(training, updates.append)
    first = (folder / WEIGHTS).read_bytes()
    replies: list[Reply] = []
    steps: list[int] = []
    answers = worker.answer(answering(tmp_path), replies.append, lambda begun, tokens: steps.append(begun))
    here = answer_items(open_variant(fresh_pocket, tmp_path, VARIANT), ITEMS, "Nia", SETTINGS)
    worker.train(replace(training, folder=str(tmp_path / "again")), updates.append)
    worker.train(replace(training, settings=training.settings | {"updates": 2}), updates.append)
    assert [update.number for update in updates] == [1, 2, 3, 4, 5, 6] * 2 + [1, 2]
    assert any(line.startswith("Plan: 6 updates") for line in said)
    assert (folder / WEIGHTS).read_bytes() != first
    assert (tmp_path / "again" / WEIGHTS).read_bytes() == first
    assert [row["number"] for row in read_jsonl(folder / METRICS)] == [1, 2]
    assert json.loads(json.dumps([asdict(one) for one in here])) == answers
    assert len(replies) == sum(steps) == sum(item.reply_count(1) for item in ITEMS)


def test_an_error_of_the_worker_is_raised_with_its_exit_code(tmp_path: Path) -> None:
    part = "print(json.dumps({'event': 'error', 'message': 'no such line', 'exit_code': 2}), flush=True)"
    with ModelProcess(print, play(part)) as process, pytest.raises(RecipeError, match="no such line"):
        process.train(job(tmp_path), print)


def test_after_a_crash_it_goes_on_once_with_smaller_settings(tmp_path: Path) -> None:
    part = f"""
if job['settings']['gradient_checkpointing']:
    print(json.dumps({{'event': 'update', **{UPDATE!r}, 'tokens': job['settings']['step_tokens']}}), flush=True)
    print(json.dumps({{'event': 'outcome', 'outcome': {OUTCOME.model_dump(mode="json")!r}}}), flush=True)
    print(json.dumps({{'event': 'done'}}), flush=True)
    sys.stdin.read()
print({GPU_FAULT!r}, file=sys.stderr, flush=True)
os.abort()"""
    said: list[str] = []
    updates: list[Update] = []
    crashes: list[tuple[str, dict[str, Any]]] = []
    with ModelProcess(said.append, play(part)) as process:
        outcome = process.train(job(tmp_path), updates.append, lambda *crash: crashes.append(crash))
    assert "the GPU ran out of memory" in said[0]
    assert outcome == OUTCOME
    assert updates == [replace(Update(**UPDATE), tokens=1024)]
    assert crashes == [("the GPU ran out of memory", {"step_tokens": 1024, "gradient_checkpointing": True})]


def test_a_second_crash_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    dying = ModelProcess(lambda line: None, play(f"print({GPU_FAULT!r}, file=sys.stderr, flush=True)\nos.abort()"))
    twice = pytest.raises(
        MsmError, match=r"crashed twice: the GPU ran out of memory; close other programs, .*starts over"
    )
    with dying as process, twice:
        process.train(job(tmp_path), print)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("second", "ending"), [(3, "twice in update 4, .*will crash there again"), (5, "may end there too")]
)
def test_only_a_crash_that_came_twice_at_one_update_will_come_again(second: int, ending: str, tmp_path: Path) -> None:
    part = f"""
is_second = job['settings']['gradient_checkpointing']
print(json.dumps({{'event': 'resumed', 'resumed': 2 if is_second else 0}}), flush=True)
number = {second} if is_second else 3
print(json.dumps({{'event': 'update', **{UPDATE!r}, 'number': number}}), flush=True)
raise ValueError('odd')"""
    with ModelProcess(lambda line: None, play(part)) as process, pytest.raises(MsmError, match=ending):
        process.train(job(tmp_path), lambda update: None)


DEATHS = {
    "raise ValueError('odd')": (
        "crashed twice before the first update, also with less memory: unexpected ValueError: odd",
        2,
    ),
    "raise OSError(28, os.strerror(28))": ("crashed: the disk is full: OSError: [Errno 28] No space left on device", 1),
    "raise MemoryError": ("crashed twice: the memory ran out: MemoryError", 2),
    "sys.exit('gone')": ("crashed twice before the first update, also with less memory: it ended with code 1", 2),
    "os._exit(3)": ("crashed twice before the first update, also with less memory: it ended with code 3", 2),
    "os.kill(os.getpid(), signal.SIGKILL)": (
        "crashed twice: it was ended by signal 9 (SIGKILL); it printed nothing",
        2,
    ),
    "os.kill(os.getpid(), signal.SIGSEGV)": (
        "crashed twice before the first update, also with less memory: it was ended by signal 11",
        2,
    ),
    "os.kill(os.getpid(), signal.SIGTERM)": ("crashed: it was ended by signal 15 (SIGTERM)", 1),
    "os.kill(os.getpid(), signal.SIGILL)": ("crashed: it met an instruction that this processor does not have", 1),
}


@pytest.mark.slow
@pytest.mark.parametrize("death", DEATHS)
def test_each_death_is_told_as_what_it_was_and_only_what_may_pass_is_tried_again(death: str, tmp_path: Path) -> None:
    """Nothing is advised against memory where nothing shows that it was memory."""
    message, attempts = DEATHS[death]
    mark = tmp_path / "attempts"
    part = f"open({str(mark)!r}, 'a').write('x')\n{death}"
    log = tmp_path / "crash.log"
    with ModelProcess(lambda line: None, play(part), log) as process, pytest.raises(MsmError) as error:
        process.train(job(tmp_path), print)
    assert message in str(error.value)
    assert str(log) in str(error.value)
    assert ("close other programs" in str(error.value)) == ("MemoryError" in death)
    assert mark.read_text() == "x" * attempts
    is_outside = any(name in death for name in ("SIGKILL", "SIGTERM"))
    has_cause = any(name in death for name in ("OSError", "MemoryError", "SIGILL"))
    assert ("run the same command again" in str(error.value)) == (is_outside or has_cause)
    assert log.is_file()


def test_an_answering_job_arrives_as_it_was_sent(tmp_path: Path) -> None:
    sent = answering(tmp_path)
    arrived = parse_job(json.loads(sent.to_line()))
    assert isinstance(arrived, AnsweringJob)
    assert (arrived, arrived.items(), Variant(**arrived.variant)) == (sent, ITEMS, VARIANT)
    assert arrived.evaluation_settings() == SETTINGS


def test_a_crash_while_it_answers_is_told(tmp_path: Path) -> None:
    told = pytest.raises(MsmError, match=r"^answering crashed: .*what this arm answered is asked again")
    with ModelProcess(print, play("os.kill(os.getpid(), signal.SIGKILL)")) as process, told:
        process.answer(answering(tmp_path), print, print)


def test_another_thread_stops_it(tmp_path: Path) -> None:
    """Who works with it meets an interrupt, and it is not started again."""
    part = """
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs ignore
print(json.dumps({'event': 'say', 'line': 'here'}), flush=True)
try:
    while True:
        time.sleep(0.01)  # what blocks for long may be begun just after a signal has come
except KeyboardInterrupt:
    os.abort()  # before it has an ear for the signal, for example"""
    here, errors = Event(), []
    process = ModelProcess(lambda line: here.set(), play(part))

    def train() -> None:
        with pytest.raises(KeyboardInterrupt) as error:
            process.train(job(tmp_path), print)
        errors.append(error)

    thread = Thread(target=train)
    thread.start()
    assert here.wait(10)
    process.stop()
    thread.join(10)
    assert len(errors) == 1
    assert process.pid is None


def test_each_further_process_has_a_temporary_folder_that_it_finds_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    first, again, second = (Path(temporary_folder(number)["TMPDIR"]) for number in (1, 1, 2))
    assert first == again != second
    assert first.is_dir()
    assert second.stat().st_mode & 0o077 == 0
    second.rmdir()
    second.write_text("in the way")
    assert Path(temporary_folder(2)["TMPDIR"]).is_dir()


def test_smaller_settings_have_an_end(tmp_path: Path) -> None:
    small = job(tmp_path)
    for _ in range(9):
        small = small.with_less_memory()
    assert small.settings["step_tokens"] == MIN_STEP_TOKENS
    assert parse_job(json.loads(small.to_line())) == small


@pytest.mark.slow
def test_an_interrupt_saves_and_the_same_job_ends_in_the_same_bytes(worker: ModelProcess, tmp_path: Path) -> None:
    long = {"updates": 40, "checkpoint_every": 1000}
    worker.train(job(tmp_path, **long), lambda update: None)
    whole = (tmp_path / "adapter" / WEIGHTS).read_bytes()
    (tmp_path / "adapter" / WEIGHTS).unlink()

    def interrupt(update: Update) -> None:
        if update.number == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        worker.train(job(tmp_path, **long), interrupt)
    assert (tmp_path / "adapter" / CHECKPOINT).exists()
    updates: list[Update] = []
    worker.train(job(tmp_path, **long), updates.append)
    assert updates[0].number > 5
    assert (tmp_path / "adapter" / WEIGHTS).read_bytes() == whole


@pytest.mark.slow
def test_the_worker_does_not_outlive_its_master(tmp_path: Path) -> None:
    worker = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment())
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(job(tmp_path, updates=100_000).to_line())
    worker.stdin.flush()
    while json.loads(worker.stdout.readline())["event"] != "update":
        pass
    worker.stdin.close()
    started = time.monotonic()
    assert worker.wait(timeout=30) == 0
    assert time.monotonic() - started < 10
    worker.stdout.close()


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_in_the_same_bytes_and_metrics(worker: ModelProcess, tmp_path: Path) -> None:
    """kill -9 of the worker; every time another process goes on from the last checkpoint."""
    several = {"updates": 30, "checkpoint_every": 3}
    worker.train(job(tmp_path, **several), lambda update: None)
    whole, log = (tmp_path / "adapter" / WEIGHTS).read_bytes(), read_jsonl(tmp_path / "adapter" / METRICS)
    (tmp_path / "adapter" / WEIGHTS).unlink()

    for moment in (2, 9, 27):
        with ModelProcess(lambda line: None) as process:

            def kill(update: Update, moment: int = moment, process: ModelProcess = process) -> None:
                if update.number >= moment:
                    assert process.pid is not None
                    os.kill(process.pid, signal.SIGKILL)
                    raise RuntimeError

            with pytest.raises(RuntimeError):
                process.train(job(tmp_path, **several), kill)
    worker.train(job(tmp_path, **several), lambda update: None)
    assert (tmp_path / "adapter" / WEIGHTS).read_bytes() == whole
    assert [_timeless(row) for row in read_jsonl(tmp_path / "adapter" / METRICS)] == [_timeless(row) for row in log]


def _timeless(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if not any(word in key for word in ("second", "memory"))}
