"""Why a process ended or an error came up: a table of causes, each with the evidence that it needs.

A cause is named only where its evidence is there. Otherwise what is known is told, and no cause. Imports no mlx.
"""

from __future__ import annotations

import re
import signal
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

NEAR_LIMIT = 0.85  # share of the machine's memory from which a process that was killed had too much of it
LAST_LINES = 20  # of what a process printed that are about its end, where it raised no exception
SHOWN_LINES = 3
LONGEST_LINE = 300  # characters
TRACEBACK = "Traceback (most recent call last):"
CALL = re.compile(r'^ +File "([^"]+)", line (\d+)', re.MULTILINE)
RAISED = re.compile(r"^([A-Za-z_][\w.]*)(?::\s?|$)")
FAULTS = {signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGTRAP}
"""Signals of a process that went wrong; after others, somebody wanted it to end."""


@dataclass(frozen=True)
class Ending:
    """How a process ended, and what is known of it."""

    code: int
    """The exit code; negative for the signal that ended it."""
    printed: str = ""
    """What it wrote on stderr."""
    kernel_kills: int = 0
    """Processes that the kernel killed for their memory while it ran."""
    memory: int = 0
    """The most that it had, in bytes; 0 if it is not known."""
    machine_memory: int = 0
    """What there is in all, in bytes; 0 if it is not known."""

    @cached_property
    def last_words(self) -> str:
        """The exception that ended it, from its type on; without one the last lines that it printed."""
        before, _, after = self.printed.rpartition(TRACEBACK)
        lines = after.splitlines()
        raised = [number for number, line in enumerate(lines) if line and not line[0].isspace()]
        if self.code > 0 and (before or after) and TRACEBACK in self.printed and raised:
            return "\n".join(lines[raised[0] :]).strip()
        return "\n".join([line for line in self.printed.splitlines() if line.strip()][-LAST_LINES:])

    @property
    def exception(self) -> str:
        """The name of the Python exception that ended it, without its module; empty if none did."""
        match = RAISED.match(self.last_words) if self.code > 0 and TRACEBACK in self.printed else None
        return match[1].rpartition(".")[2] if match else ""

    @property
    def place(self) -> str:
        """File and line of the innermost call of its traceback; empty without one."""
        calls = CALL.findall(self.printed)
        return ":".join(calls[-1]) if calls else ""

    @property
    def known(self) -> str:
        """What is known without a cause."""
        lines = [line.strip()[:LONGEST_LINE] for line in self.last_words.splitlines()]
        if self.exception:
            return f"unexpected {' '.join(lines[:SHOWN_LINES])} ({self.place})"
        printed = f"its last lines: {' | '.join(lines[-SHOWN_LINES:])}" if lines else "it printed nothing"
        if self.code < 0:
            return f"it was ended by signal {-self.code} ({signal.Signals(-self.code).name}); {printed}"
        return f"it ended with code {self.code}; {printed}"


@dataclass(frozen=True)
class CrashCause:
    """A row of the table."""

    name: str
    is_shown_by: Callable[[Ending], bool]
    meaning: str
    remedy: str
    takes_memory: bool = False
    """Whether the same work may pass with less memory at once."""


def has_words(*texts: str) -> Callable[[Ending], bool]:
    """One of these texts is in its last words, in whatever case."""
    return lambda ending: any(text.lower() in ending.last_words.lower() for text in texts)


def raised(*names: str) -> Callable[[Ending], bool]:
    """One of these exceptions ended it."""
    return lambda ending: ending.exception in names


def ended_by(number: signal.Signals) -> Callable[[Ending], bool]:
    """This signal ended it."""
    return lambda ending: ending.code == -number


def killed_for_memory(ending: Ending) -> bool:
    """It was killed, and the kernel counts a kill for memory, or it had nearly all of the machine's."""
    is_near = ending.machine_memory > 0 and ending.memory >= NEAR_LIMIT * ending.machine_memory
    return ending.code == -signal.SIGKILL and (ending.kernel_kills > 0 or is_near)


def lacks_character(ending: Ending) -> bool:
    """A text did not fit into an encoding; into UTF-8 every text fits that is one, so there the text is at fault."""
    return raised("UnicodeEncodeError")(ending) and not has_words("'utf-8' codec")(ending)


def out_of_memory(ending: Ending) -> bool:
    """An allocation failed."""
    failed = has_words("std::bad_alloc", "Unable to allocate", "Cannot allocate memory", "[metal::malloc] Failed")
    return raised("MemoryError")(ending) or failed(ending)


LESS = "close other programs, or choose a smaller model, max_length or lora.rank"
FEWER = "lower step_tokens or batch_size"
AGAIN = "install msm-mlx again into this environment"
ROOM = "free some space"
CAUSES: Sequence[CrashCause] = (
    CrashCause("kill", killed_for_memory, "the system killed it because the memory ran out", LESS, True),
    CrashCause(
        "GPU memory",
        has_words(
            "CallbackErrorOutOfMemory", "Command buffer execution failed: Insufficient Memory",
            "cudaErrorMemoryAllocation", "CUDA out of memory", "failed: out of memory",
        ),
        "the GPU ran out of memory", LESS, True,
    ),
    CrashCause(
        "GPU interactivity", has_words("CallbackErrorImpactingInteractivity"),
        "macOS stopped a GPU command that took too long while the display was on",
        "lower step_tokens, or let the Mac work with its display off", True,
    ),
    CrashCause(
        "GPU timeout", has_words("CallbackErrorTimeout", "Caused GPU Timeout Error"),
        "a GPU command took longer than the system allows", "lower step_tokens", True,
    ),
    CrashCause(
        "GPU hang", has_words("CallbackErrorHang", "Caused GPU Hang Error"),
        "the system found the GPU hanging and stopped its work", "if it happens again, restart the machine", True,
    ),
    CrashCause(
        "GPU victim", has_words("CallbackErrorInnocentVictim", "Innocent Victim"),
        "the system stopped all work of the GPU because of a fault in another program's", "close other programs", True,
    ),
    CrashCause(
        "GPU address", has_words("CallbackErrorPageFault", "Caused GPU Address Fault Error", "illegal memory access"),
        "the GPU read memory that was not its own, which is a fault of mlx or of a driver",
        "if it happens again, install another version of mlx", True,
    ),
    CrashCause(
        "GPU buffers", has_words("[metal::malloc] Resource limit"), "Metal ran out of buffers, whose number is limited",
        FEWER, True,
    ),
    CrashCause(
        "GPU buffer size", has_words("greater than the maximum allowed buffer size"),
        "one array is larger than the largest buffer of this GPU", f"{FEWER}, or max_length", True,
    ),
    CrashCause(
        "no GPU", has_words("No Metal device", "no CUDA-capable device"), "mlx found no GPU",
        "see what `msm-mlx doctor` says",
    ),
    CrashCause(
        "no driver", has_words("libcuda.so.1: cannot open"),
        "mlx's library for CUDA is installed, and no driver of NVIDIA's is there", "see what `msm-mlx doctor` says",
    ),
    CrashCause("memory", out_of_memory, "the memory ran out", LESS, True),
    CrashCause(
        "compiler", has_words("g++: not found", "g++: command not found", "xcrun: error"),
        "mlx found no compiler for the code that it makes",
        "install g++ (on a Mac: xcode-select --install), or set MLX_DISABLE_COMPILE=1",
    ),
    CrashCause("disk", has_words("No space left on device"), "the disk is full", ROOM),
    CrashCause("quota", has_words("Disk quota exceeded"), "the disk quota is used up", ROOM),
    CrashCause(
        "file system", has_words("Read-only file system"), "the file system is read-only",
        "choose another folder with --run-dir",
    ),
    CrashCause("permission", raised("PermissionError"), "permission was denied", "change the permissions of that file"),
    CrashCause("folder", raised("IsADirectoryError"), "there is a folder where a file should be", "move it away"),
    CrashCause("device", has_words("[Errno 5] Input/output error"), "a disk or drive did not answer", "check it"),
    CrashCause(
        "open files", has_words("Too many open files"), "too many files were open at once",
        "raise the limit with `ulimit -n 4096`",
    ),
    CrashCause(
        "template",
        raised("TemplateError", "TemplateSyntaxError", "TemplateRuntimeError", "UndefinedError", "SecurityError"),
        "the model's chat template raised an error", "give the recipe another one with chat_template:",
    ),
    CrashCause(
        "weights",
        has_words("[load_safetensors]", "incomplete download or corrupt file", "Error while deserializing header"),
        "a file of weights is not whole", "download or copy it again",
    ),
    CrashCause(
        "download",
        raised(
            "IncompleteSnapshotError", "LocalEntryNotFoundError", "ConnectError", "ConnectTimeout", "ReadError",
            "ReadTimeout", "RemoteProtocolError", "ConnectionError",
        ),
        "a connection broke or was not there", "run the same command again with one",
    ),
    CrashCause(
        "package", raised("ImportError", "ModuleNotFoundError"), "a package is missing or of the wrong version", AGAIN
    ),
    CrashCause(
        "encoding", lacks_character, "the output's encoding lacks a character", "set PYTHONUTF8=1"
    ),
    CrashCause(
        "processor", ended_by(signal.SIGILL), "it met an instruction that this processor does not have", AGAIN
    ),
    CrashCause(
        "processor time", ended_by(signal.SIGXCPU), "it used up the processor time that it is allowed",
        "raise it with `ulimit -t`",
    ),
    CrashCause(
        "file size", ended_by(signal.SIGXFSZ), "a file grew beyond the size that is allowed",
        "raise it with `ulimit -f`",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Explanation:
    """What can be said of an ending."""

    ending: Ending
    cause: CrashCause | None

    @property
    def reason(self) -> str:
        """The cause, with the exception that showed it if there was one; else what is known."""
        if self.cause is None:
            return self.ending.known
        shown = self.ending.known.removeprefix("unexpected ") if self.ending.exception else ""
        return f"{self.cause.meaning}{f': {shown}' if shown else ''}"

    @property
    def remedy(self) -> str:
        """What to do, as a clause; empty where no cause is established."""
        return self.cause.remedy if self.cause else ""

    @property
    def is_from_outside(self) -> bool:
        """Whether somebody or something ended it by a signal, so that the same work may well pass."""
        number = -self.ending.code
        return self.cause is None and number > 0 and (number == signal.SIGKILL or number not in FAULTS)

    @property
    def is_worth_another_attempt(self) -> bool:
        """Whether to try the same work again with less memory: also after an end without a cause, since faults of a
        GPU do not say what they are, and since only a second one at the same place shows that it comes again. Not
        where somebody wanted it to end."""
        return self.cause.takes_memory if self.cause else self.ending.code > 0 or -self.ending.code in FAULTS


def explain(ending: Ending) -> Explanation:
    """The first cause whose evidence is there, or none."""
    return Explanation(ending, next((cause for cause in CAUSES if cause.is_shown_by(ending)), None))


def explain_error(error: BaseException) -> Explanation:
    """The same for an exception of this process that nobody expected."""
    return explain(Ending(1, "".join(traceback.format_exception(error))))
