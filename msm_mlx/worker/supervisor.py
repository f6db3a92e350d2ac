"""Training in a process of its own, because on a Mac a GPU fault is an abort and not an exception.

One process trains all stages of a run, so that mlx and the model are loaded once. If it dies, its end is explained, and
the stage goes on once, from its last checkpoint, with smaller settings. Under `mlx.launch` it is the one that knows the
other ranks, and has documents written by all of them. Imports no mlx.
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
from types import TracebackType
from typing import IO, Any, Self

from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.worker.job import TrainingJob, WritingJob

COMMAND = (sys.executable, "-m", "msm_mlx.worker.process")
# without it, macOS 26 ends processes whose GPU commands take long while the display is on (mlx issue 3267)
ENVIRONMENT = {"AGX_RELAX_CDM_CTXSTORE_TIMEOUT": "1"}
SAVING = 120.0  # seconds for an interrupted process to end its update and save
ERRORS = {RecipeError.exit_code: RecipeError, SetupError.exit_code: SetupError}

# what a dying process prints, and what that means; engine faults of mlx on Metal
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
    """The process that trains is gone."""


def explain_crash(code: int, stderr: str) -> str:
    """What probably happened to a process that ended with `code` (negative: the signal) and said `stderr`."""
    for signature, meaning in SIGNATURES:
        if signature in stderr:
            return meaning
    if code == -signal.SIGKILL:
        return "it was killed, as systems do when the memory runs out"
    if code < 0:
        return f"it ended by {signal.Signals(-code).name}"
    last = next((line for line in reversed(stderr.splitlines()) if line.strip()), "without a word")
    return f"it ended with code {code}: {last.strip()[:300]}"


class TrainingProcess:
    """The process, started when it is first needed. `command` is what to start."""

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
        on_update: Callable[[dict[str, Any]], None],
        on_crash: Callable[[str, dict[str, Any]], None] = lambda reason, settings: None,
    ) -> None:
        """Do `job`; after a crash go on once, with smaller settings, of which `on_crash` is told with the reason.

        Raises:
            MsmError: if the process crashes twice, or says itself what is wrong.
            KeyboardInterrupt: once the state is saved.
        """
        try:
            self._attempt(job, on_update)
        except CrashError as crash:
            smaller = job.smaller()
            on_crash(str(crash), {key: value for key, value in smaller.settings.items() if value != job.settings[key]})
            self._say(
                f"Training crashed: {crash}. It goes on from its last checkpoint with blocks recomputed and at most "
                f"{smaller.settings['step_tokens']} tokens at once."
            )
            try:
                self._attempt(smaller, on_update)
            except CrashError as second:
                raise MsmError(
                    f"training crashed twice: {second}; close other programs, choose a smaller model, max_length or "
                    "lora.rank, and run the same command again: it goes on from the last checkpoint"
                ) from second

    def probe(self, job: TrainingJob) -> tuple[int, float]:
        """Peak bytes and seconds of an update, of a job that only measures.

        Raises:
            MsmError: if it cannot be done, which is an answer too.
        """
        try:
            (measured,) = self._converse(job.to_line())
        except CrashError as crash:
            raise CrashError(f"two updates of {job.kind} crashed: {crash}") from crash
        return measured["peak"], measured["seconds"]

    def write(self, job: WritingJob) -> Iterator[tuple[int, dict[str, Any]]]:
        """The replies to the chats of `job` as they come, each with its place.

        Raises:
            MsmError: if the process crashes, or says itself what is wrong.
        """
        try:
            for message in self._converse(job.to_line()):
                yield message["place"], message["reply"]
        except CrashError as crash:
            raise MsmError(
                f"writing crashed: {crash}; lower documents.batch_size, and run the same command again: what was "
                "written stays"
            ) from crash
        except (KeyboardInterrupt, GeneratorExit):
            self._interrupt()
            raise

    def _attempt(self, job: TrainingJob, on_update: Callable[[dict[str, Any]], None]) -> None:
        try:
            for message in self._converse(job.to_line()):
                on_update(message)
        except KeyboardInterrupt:
            self._interrupt()
            raise

    def _converse(self, line: str) -> Iterator[dict[str, Any]]:
        """Hand over a job and give what comes of it until it is done; raises CrashError if the process dies first."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):  # it is dead already, which the end of its output tells
            process.stdin.write(line)
            process.stdin.flush()
        for told in process.stdout:
            message = json.loads(told)
            match message.pop("event"):
                case "say":
                    self._say(message["line"])
                case "error":
                    raise ERRORS.get(message["exit_code"], MsmError)(message["message"])
                case "stopped":
                    self.close()
                    raise KeyboardInterrupt
                case "done":
                    return
                case _:
                    yield message
        raise CrashError(self._post_mortem())

    def start(self) -> None:
        """Start it before there is a job, because others wait for it to join them."""
        self._started()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
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
        """Let the process save; a terminal has sent it the same signal, which does no harm twice."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        assert self._process.stdout is not None
        patience = threading.Timer(SAVING, self._process.kill)
        patience.start()
        try:
            for line in self._process.stdout:
                if json.loads(line)["event"] in ("stopped", "done", "error"):
                    break
        finally:
            patience.cancel()
            self.close()

    def _post_mortem(self) -> str:
        assert self._process is not None
        assert self._stderr is not None
        code = self._process.wait()
        self._stderr.seek(0)
        said = self._stderr.read().decode(errors="replace")
        self.close()
        return explain_crash(code, said)

    def close(self) -> None:
        """End the process, which gives its memory back."""
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
