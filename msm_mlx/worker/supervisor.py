"""The main process's side of the model process: starts it, gives it jobs, reads its events, explains its crashes.

Training has a process of its own because on a Mac a GPU fault is an abort and not an exception. One process trains all
stages of a run, so that mlx and the model are loaded once. If it crashes, the stage continues once, from its last
checkpoint, with settings that need less memory. Under `mlx.launch` the process is rank 0, and documents are written by
all ranks together. Imports no mlx.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from msm_mlx.engine.chat_model import OnStep, Reply
from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.files import write_text
from msm_mlx.resources.machine import count_kernel_kills, total_memory
from msm_mlx.runs.layout import CHECKPOINT
from msm_mlx.runs.outcome import TrainingOutcome
from msm_mlx.training.metrics import ProbedTraining, Update
from msm_mlx.worker.crashes import Ending, Explanation, explain
from msm_mlx.worker.job import AnsweringJob, Job, TrainingJob, WritingJob

COMMAND = (sys.executable, "-m", "msm_mlx.worker.process")
# without it, macOS 26 kills processes whose GPU commands take long while the display is on (mlx issue 3267)
ENVIRONMENT = {"AGX_RELAX_CDM_CTXSTORE_TIMEOUT": "1"}
SAVE_SECONDS = 120.0  # that an interrupted process has to end its update and save
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes
AGAIN = "run the same command again"
GOES_ON = "it goes on from the last checkpoint"
STARTS_OVER = "this training had no checkpoint yet and starts over"
STAYS = "what was written stays"
ASKED_AGAIN = "what this arm answered is asked again"
ERRORS = {RecipeError.exit_code: RecipeError, SetupError.exit_code: SetupError}


class CrashError(MsmError):
    """The model process ended before its job was done.

    Attributes:
        update: of a training, the number of the update that it was at; None before the first.
    """

    def __init__(self, explanation: Explanation, log: Path | None) -> None:
        place = f"; all that it printed is in {log}" if log else ""
        super().__init__(explanation.reason + place)
        self.explanation = explanation
        self.update: int | None = None

    def is_the_same_as(self, other: CrashError) -> bool:
        """Whether it came with the same reason at the same update."""
        return (self.explanation.reason, self.update) == (other.explanation.reason, other.update)


class ModelProcess:
    """A process with mlx and a model, which does one job after another. It is started when it is first needed.

    say: takes lines for the log.
    command: what to start, and to speak the protocol of `msm_mlx.worker.process` with.
    log: the file that gets what the process printed, if it crashes.
    number: which of several at once it is; 0 for the first. mlx keeps what it compiles in the temporary folder, and
        would load a library that another process has written in part: the others have temporary folders of their own.
    """

    def __init__(
        self, say: Callable[[str], None], command: Sequence[str] = COMMAND, log: Path | None = None, number: int = 0
    ) -> None:
        self._say, self._command, self._log, self._number = say, command, log, number
        self._kernel_kills = self._peak_memory = 0
        self._stopped = False
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
        """Train; after a crash that less memory may avoid, continue once with settings that need less.

        Args:
            on_update: called with the measurements of each update.
            on_crash: called with the cause and the settings that are changed.

        Raises:
            MsmError: if the process crashes in another way or twice, or reports an error.
            KeyboardInterrupt: after the checkpoint is written.
        """
        try:
            return self._attempt(job, on_update)
        except CrashError as crash:
            if not crash.explanation.is_worth_another_attempt:
                raise MsmError(_advise("training crashed", crash, _what_stays(job))) from crash
            retry = job.with_less_memory()
            on_crash(str(crash), {key: value for key, value in retry.settings.items() if value != job.settings[key]})
            self._say(
                f"Training crashed: {crash}. It is tried once more ({_what_stays(job)}), with blocks recomputed and at "
                f"most {retry.settings['step_tokens']} tokens at once."
            )
            try:
                return self._attempt(retry, on_update)
            except CrashError as second:
                raise MsmError(_advise_after_two(crash, second, _what_stays(job))) from second

    def probe(self, job: TrainingJob) -> ProbedTraining:
        """What a `job` whose `probe` is set has measured.

        Raises:
            MsmError: if the process crashes, because the updates do not fit into the memory for example, or reports an
                error.
        """
        try:
            (measured,) = self._run(job)
        except CrashError as crash:
            raise MsmError(f"two updates of {job.method} crashed: {crash}") from crash
        return ProbedTraining(**measured)

    def write(
        self, job: WritingJob, on_step: Callable[[int, int], None] = lambda begun, tokens: None
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """The replies to the chats of `job` as they are finished: the index of the chat, and the fields of its `Reply`.

        `on_step` hears of replies begun and of tokens, of all ranks, while they are written.

        Raises:
            MsmError: if the process crashes, or reports an error.
        """
        try:
            for event in self._run(job):
                if "reply" in event:
                    yield event["index"], event["reply"]
                else:
                    on_step(event["begun"], event["tokens"])
        except CrashError as crash:
            raise MsmError(_advise("writing crashed", crash, STAYS)) from crash
        except (KeyboardInterrupt, GeneratorExit):
            self._interrupt()
            raise

    def answer(self, job: AnsweringJob, on_reply: Callable[[Reply], None], on_step: OnStep) -> list[dict[str, Any]]:
        """The fields of the `Answer` to each item of `job`.

        `on_reply` hears of every written reply, and `on_step` of the tokens while they are written.

        Raises:
            MsmError: if the process crashes, or reports an error.
        """
        answers = []
        try:
            for event in self._run(job):
                if "answer" in event:
                    answers.append(event["answer"])
                elif "reply" in event:
                    on_reply(Reply(**event["reply"]))
                else:
                    on_step(event["begun"], event["tokens"])
        except CrashError as crash:
            raise MsmError(_advise("answering crashed", crash, ASKED_AGAIN)) from crash
        except KeyboardInterrupt:
            self._interrupt()
            raise
        return answers

    def _attempt(self, job: TrainingJob, on_update: Callable[[Update], None]) -> TrainingOutcome:
        outcome = None
        number: int | None = None
        try:
            for event in self._run(job):
                if "outcome" in event:
                    outcome = TrainingOutcome.model_validate(event["outcome"])
                elif "resumed" in event:
                    number = event["resumed"] + 1
                else:
                    update = Update(**{field.name: event[field.name] for field in fields(Update)})
                    self._peak_memory = max(self._peak_memory, update.peak_memory + update.cache_memory)
                    number = update.number + 1
                    on_update(update)
        except CrashError as crash:
            crash.update = number
            raise
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
        if self._stopped:
            self.stop()  # which may have come before there was a process
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
        ending = self._ending()
        if self._stopped:
            raise KeyboardInterrupt
        raise CrashError(explain(ending), self._log)

    def start(self) -> None:
        """Start the process before there is a job, because the other ranks wait for it to join them."""
        self._ensure_started()

    def _ensure_started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  (`close` closes it)
            self._kernel_kills, self._peak_memory = count_kernel_kills(), 0
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                text=True,
                encoding="utf-8",
                env=ENVIRONMENT | os.environ | (temporary_folder(self._number) if self._number else {}),
            )
        return self._process

    def stop(self) -> None:
        """Have it save and end, from another thread: the one that it works for meets KeyboardInterrupt."""
        self._stopped = True
        if (process := self._process) is not None:
            self._send_interrupt(process)

    def _send_interrupt(self, process: subprocess.Popen[str]) -> threading.Timer:
        """Have the process save and end, by force if it takes too long."""
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        timer = threading.Timer(SAVE_SECONDS, process.kill)
        timer.daemon = True
        timer.start()
        return timer

    def _interrupt(self) -> None:
        """Have the process save and end. A terminal has sent it the same signal already, which does no harm twice."""
        if self._process is None:
            return
        timer = self._send_interrupt(self._process)
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                if json.loads(line)["event"] in ("stopped", "done", "error"):
                    break
        finally:
            timer.cancel()
            self.close()

    def _ending(self) -> Ending:
        """How the process ended. What it printed goes into the log."""
        assert self._process is not None
        assert self._stderr is not None
        code = self._process.wait()
        self._stderr.seek(0)
        printed = self._stderr.read().decode(errors="replace")
        self.close()
        if self._log is not None:
            with suppress(SetupError):  # a full disk may be what it crashed of
                write_text(self._log, printed)
        resident = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * RSS_UNIT
        return Ending(
            code=code,
            printed=printed,
            kernel_kills=count_kernel_kills() - self._kernel_kills,
            memory=max(self._peak_memory, resident),
            machine_memory=int(total_memory()),
        )

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


def temporary_folder(number: int) -> dict[str, str]:
    """The environment of a process with a temporary folder of its own, which later ones of this number find again."""
    folder = Path(tempfile.gettempdir()) / f"msm-mlx-{os.getuid()}" / f"process-{number}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_ours = all(one.stat().st_uid == os.getuid() for one in (folder.parent, folder))
    except OSError:
        is_ours = False
    return {"TMPDIR": str(folder) if is_ours else tempfile.mkdtemp()}


def _what_stays(job: TrainingJob) -> str:
    return GOES_ON if (Path(job.folder) / CHECKPOINT).exists() else STARTS_OVER


def _advise(what: str, crash: CrashError, stays: str) -> str:
    """The crash with its remedy. To run the command again is advised only where that can help."""
    explanation = crash.explanation
    if explanation.remedy:
        return f"{what}: {crash}; {explanation.remedy}, and {AGAIN}: {stays}"
    if explanation.is_from_outside:
        return f"{what}: {crash}; {AGAIN}: {stays}"
    return f"{what}: {crash}, without an established cause; {AGAIN}, which may end there too: {stays}"


def _advise_after_two(first: CrashError, second: CrashError, stays: str) -> str:
    explanation = second.explanation
    if explanation.remedy or explanation.is_from_outside or not second.is_the_same_as(first):
        return _advise("training crashed twice", second, stays)
    place = f"in update {second.update}" if second.update else "before the first update"
    return (
        f"training crashed twice {place}, also with less memory: {second}; no cause is established, and the same "
        "command will crash there again: change the model, the data or the settings of this training"
    )
