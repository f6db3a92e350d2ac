"""The main process's side of the model process: starts it, gives it jobs, reads its events, explains its crashes.

Training has a process of its own because on a Mac a GPU fault is an abort and not an exception. One process trains all
stages of a run, so that mlx and the model are loaded once. If it crashes, the stage continues once, from its last
checkpoint, with settings that need less memory. Under `mlx.launch` the process is rank 0, and documents are written by
all ranks together. Imports no mlx.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from types import TracebackType
from typing import IO, Any, Self

from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.runs.outcome import TrainingOutcome
from msm_mlx.training.metrics import Update
from msm_mlx.worker.job import Job, TrainingJob, WritingJob

COMMAND = (sys.executable, "-m", "msm_mlx.worker.process")
# without it, macOS 26 kills processes whose GPU commands take long while the display is on (mlx issue 3267)
ENVIRONMENT = {"AGX_RELAX_CDM_CTXSTORE_TIMEOUT": "1"}
SAVE_SECONDS = 120.0  # that an interrupted process has to end its update and save
ERRORS = {RecipeError.exit_code: RecipeError, SetupError.exit_code: SetupError}

# what mlx prints on Metal before a crash, and what it means
SIGNATURES = (
    ("kIOGPUCommandBufferCallbackErrorOutOfMemory", "the GPU ran out of memory"),
    ("Insufficient Memory", "the GPU ran out of memory"),
    ("kIOGPUCommandBufferCallbackErrorImpactingInteractivity", "macOS stopped a GPU command that took too long"),
    ("Resource limit", "Metal ran out of buffers"),
    ("[metal::malloc]", "the GPU ran out of memory"),
    ("bad_alloc", "the memory ran out"),
    ("MemoryError", "the memory ran out"),
)


class CrashError(MsmError):
    """The model process ended before its job was done."""


def explain_crash(code: int, stderr: str) -> str:
    """The probable cause of a crash, as a phrase.

    Args:
        code: the exit code of the process; negative for the signal that killed it.
        stderr: what it printed.
    """
    for signature, meaning in SIGNATURES:
        if signature in stderr:
            return meaning
    if code == -signal.SIGKILL:
        return "it was killed, as systems do when the memory runs out"
    if code < 0:
        return f"it ended by {signal.Signals(-code).name}"
    last_line = next((line for line in reversed(stderr.splitlines()) if line.strip()), "it printed no message")
    return f"it ended with code {code}: {last_line.strip()[:300]}"


class ModelProcess:
    """A process with mlx and a model, which does one job after another. It is started when it is first needed.

    say: takes lines for the log.
    command: what to start, and to speak the protocol of `msm_mlx.worker.process` with.
    """

    def __init__(self, say: Callable[[str], None], command: Sequence[str] = COMMAND) -> None:
        self._say, self._command = say, command
        self._process: subprocess.Popen[str] | None = None
        self._stderr: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def train(
        self,
        job: TrainingJob,
        on_update: Callable[[Update], None],
        on_crash: Callable[[str, dict[str, Any]], None] = lambda reason, settings: None,
    ) -> TrainingOutcome:
        """Train; after a crash continue once, with settings that need less memory.

        Args:
            on_update: called with the measurements of each update.
            on_crash: called with the cause and the settings that are changed.

        Raises:
            MsmError: if the process crashes twice, or reports an error.
            KeyboardInterrupt: after the checkpoint is written.
        """
        try:
            return self._attempt(job, on_update)
        except CrashError as crash:
            retry = job.with_less_memory()
            on_crash(str(crash), {key: value for key, value in retry.settings.items() if value != job.settings[key]})
            self._say(
                f"Training crashed: {crash}. It goes on from its last checkpoint with blocks recomputed and at most "
                f"{retry.settings['step_tokens']} tokens at once."
            )
            try:
                return self._attempt(retry, on_update)
            except CrashError as second:
                raise MsmError(
                    f"training crashed twice: {second}; close other programs, choose a smaller model, max_length or "
                    "lora.rank, and run the same command again: it goes on from the last checkpoint"
                ) from second

    def probe(self, job: TrainingJob) -> tuple[int, float]:
        """Peak memory in bytes, and seconds of an update, of a `job` whose `probe` is set.

        Raises:
            CrashError: if the updates do not fit into the memory, for example.
            MsmError: if the process reports an error.
        """
        try:
            (measured,) = self._run(job)
        except CrashError as crash:
            raise CrashError(f"two updates of {job.method} crashed: {crash}") from crash
        return measured["peak"], measured["seconds"]

    def write(self, job: WritingJob) -> Iterator[tuple[int, dict[str, Any]]]:
        """The replies to the chats of `job` as they are finished: the index of the chat, and the fields of its `Reply`.

        Raises:
            MsmError: if the process crashes, or reports an error.
        """
        try:
            for event in self._run(job):
                yield event["index"], event["reply"]
        except CrashError as crash:
            raise MsmError(
                f"writing crashed: {crash}; lower documents.batch_size, and run the same command again: what was "
                "written stays"
            ) from crash
        except (KeyboardInterrupt, GeneratorExit):
            self._interrupt()
            raise

    def _attempt(self, job: TrainingJob, on_update: Callable[[Update], None]) -> TrainingOutcome:
        outcome = None
        try:
            for event in self._run(job):
                if "outcome" in event:
                    outcome = TrainingOutcome.model_validate(event["outcome"])
                else:
                    on_update(Update(**{field.name: event[field.name] for field in fields(Update)}))
        except KeyboardInterrupt:
            self._interrupt()
            raise
        assert outcome is not None
        return outcome

    def _run(self, job: Job) -> Iterator[dict[str, Any]]:
        """Hand over a job and yield its events, without those that are handled here, until it is done.

        Raises:
            CrashError: if the process ends first.
        """
        process = self._ensure_started()
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):  # the process has ended already, and so will its output
            process.stdin.write(job.to_line())
            process.stdin.flush()
        for line in process.stdout:
            event = json.loads(line)
            match event.pop("event"):
                case "say":
                    self._say(event["line"])
                case "error":
                    raise ERRORS.get(event["exit_code"], MsmError)(event["message"])
                case "stopped":
                    self.close()
                    raise KeyboardInterrupt
                case "done":
                    return
                case _:
                    yield event
        raise CrashError(self._crash_cause())

    def start(self) -> None:
        """Start the process before there is a job, because the other ranks wait for it to join them."""
        self._ensure_started()

    def _ensure_started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  (`close` closes it)
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                text=True,
                encoding="utf-8",
                env=ENVIRONMENT | os.environ,
            )
        return self._process

    def _interrupt(self) -> None:
        """Have the process save and end. A terminal has sent it the same signal already, which does no harm twice."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        assert self._process.stdout is not None
        timer = threading.Timer(SAVE_SECONDS, self._process.kill)
        timer.start()
        try:
            for line in self._process.stdout:
                if json.loads(line)["event"] in ("stopped", "done", "error"):
                    break
        finally:
            timer.cancel()
            self.close()

    def _crash_cause(self) -> str:
        assert self._process is not None
        assert self._stderr is not None
        code = self._process.wait()
        self._stderr.seek(0)
        stderr = self._stderr.read().decode(errors="replace")
        self.close()
        return explain_crash(code, stderr)

    def close(self) -> None:
        """End the process, which frees its memory."""
        if self._process is None:
            return
        process, self._process = self._process, None
        for pipe in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):
                if pipe:
                    pipe.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._stderr is not None:
            self._stderr.close()
