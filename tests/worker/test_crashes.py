"""A cause is named only where its evidence is there."""

from __future__ import annotations

import errno
import os
import signal

import pytest
from jinja2.exceptions import TemplateError

from msm_mlx.worker.crashes import CAUSES, Ending, explain, explain_error

GIB = 2**30
METAL = "[METAL] Command buffer execution failed: {}"
ABORT = "libc++abi: terminating due to uncaught exception of type std::runtime_error: "


def aborted(text: str) -> Ending:
    return Ending(-signal.SIGABRT, ABORT + text)


def raised(text: str) -> Ending:
    return Ending(1, f'{TRACE}  File "/x/y.py", line 12, in f\n    work()\n{text}\n')


TRACE = 'Traceback (most recent call last):\n  File "/x/main.py", line 3, in <module>\n    f()\n'
HITS: dict[str, list[Ending]] = {
    "kill": [
        Ending(-9, kernel_kills=1),
        Ending(-9, memory=15 * GIB, machine_memory=16 * GIB),
    ],
    "GPU memory": [
        aborted(METAL.format("Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)")),
        raised("RuntimeError: CUDA out of memory. Tried to allocate 2 GiB"),
        raised("RuntimeError: cudaMallocManaged(&buf->data, size) failed: out of memory"),
    ],
    "no driver": [raised("ImportError: libcuda.so.1: cannot open shared object file: No such file or directory")],
    "GPU interactivity": [
        aborted(METAL.format("Impacting Interactivity (kIOGPUCommandBufferCallbackErrorImpactingInteractivity)")),
    ],
    "GPU timeout": [
        aborted(METAL.format("Caused GPU Timeout Error (00000002:kIOGPUCommandBufferCallbackErrorTimeout)")),
    ],
    "GPU hang": [aborted(METAL.format("Caused GPU Hang Error (00000003:kIOGPUCommandBufferCallbackErrorHang)"))],
    "GPU victim": [
        aborted(METAL.format("Innocent Victim (00000005:kIOGPUCommandBufferCallbackErrorInnocentVictim)")),
    ],
    "GPU address": [
        aborted(METAL.format("Caused GPU Address Fault Error (0000000b:kIOGPUCommandBufferCallbackErrorPageFault)")),
    ],
    "GPU buffers": [aborted("[metal::malloc] Resource limit (499000) exceeded.")],
    "GPU buffer size": [
        raised(
            "RuntimeError: [metal::malloc] Attempting to allocate 20000000000 bytes which is greater than the maximum "
            "allowed buffer size of 9534832640 bytes."
        ),
    ],
    "no GPU": [raised("RuntimeError: [metal::Device] No Metal device available")],
    "memory": [
        raised("MemoryError"),
        raised("numpy._core._exceptions.MemoryError: Unable to allocate 8.00 TiB for an array"),
        aborted("std::bad_alloc"),
        raised("RuntimeError: [malloc] Unable to allocate 12884901888 bytes."),
    ],
    "compiler": [Ending(1, "sh: 1: g++: not found")],
    "disk": [raised("OSError: [Errno 28] No space left on device: '/r/adapters.safetensors'")],
    "quota": [raised("OSError: [Errno 122] Disk quota exceeded")],
    "file system": [raised("OSError: [Errno 30] Read-only file system: '/r/x'")],
    "permission": [raised("PermissionError: [Errno 13] Permission denied: '/r/x'")],
    "folder": [raised("IsADirectoryError: [Errno 21] Is a directory: '/r/answers.jsonl'")],
    "device": [raised("OSError: [Errno 5] Input/output error: '/r/x'")],
    "open files": [raised("OSError: [Errno 24] Too many open files: '/r/x'")],
    "template": [
        raised("jinja2.exceptions.TemplateError: System role not supported"),
        raised("jinja2.exceptions.UndefinedError: 'x' is undefined"),
    ],
    "weights": [
        raised(
            "RuntimeError: [load_safetensors] Tensor 'a' invalid data offsets (0, 4000) exceeding the size of the "
            "file. Perhaps an incomplete download or corrupt file?"
        ),
        raised("RuntimeError: [load_safetensors] Invalid json header length file /m/model.safetensors"),
        raised("safetensors_rust.SafetensorError: Error while deserializing header: MetadataIncompleteBuffer"),
    ],
    "download": [
        raised("huggingface_hub.errors.IncompleteSnapshotError: some files are missing"),
        raised("httpx2.ConnectError: [Errno -3] Temporary failure in name resolution"),
    ],
    "package": [raised("ModuleNotFoundError: No module named 'mlx_lm'")],
    "encoding": [raised("UnicodeEncodeError: 'ascii' codec can't encode character '\\u25b8' in position 2")],
    "processor": [Ending(-signal.SIGILL)],
    "processor time": [Ending(-signal.SIGXCPU)],
    "file size": [Ending(-signal.SIGXFSZ)],
}  # fmt: skip
MISSES: dict[str, Ending] = {
    "kill": Ending(-9, memory=2 * GIB, machine_memory=16 * GIB),
    "GPU memory": aborted("memory is mentioned here"),
    "no driver": raised("RuntimeError: libcuda.so.1 is of another version"),
    "GPU interactivity": aborted(METAL.format("Unknown")),
    "GPU timeout": raised("TimeoutError: the server was slow"),
    "GPU hang": aborted("the program was hanging"),
    "GPU victim": aborted("a victim"),
    "GPU address": Ending(-signal.SIGSEGV),
    "GPU buffers": raised("RuntimeError: Resource limit of the queue"),
    "GPU buffer size": raised("ValueError: the buffer size is wrong"),
    "no GPU": raised("ValueError: device"),
    "memory": raised("ValueError: allocate the memory yourself"),
    "compiler": raised("ValueError: g++ is nice"),
    "disk": Ending(-11, "No space left on device\n" + "later line\n" * 30),
    "quota": raised("ValueError: the quota of rows"),
    "file system": raised("ValueError: read-only"),
    "permission": raised("ValueError: permission denied by the writer"),
    "folder": raised("ValueError: this is a directory"),
    "device": raised("OSError: [Errno 121] Remote I/O error"),
    "open files": raised("ValueError: files"),
    "template": raised("KeyError: 'template'"),
    "weights": raised("ValueError: corrupt weights"),
    "download": raised("ValueError: download"),
    "package": raised("AttributeError: module 'x' has no attribute 'y'"),
    "encoding": raised("UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800': surrogates not allowed"),
    "processor": Ending(-signal.SIGSEGV),
    "processor time": Ending(-signal.SIGTERM),
    "file size": Ending(-signal.SIGABRT),
}  # fmt: skip


@pytest.mark.parametrize("name", [cause.name for cause in CAUSES])
def test_every_cause_is_found_by_its_evidence_and_not_without(name: str) -> None:
    for ending in HITS[name]:
        found = explain(ending)
        assert found.cause is not None
        assert found.cause.name == name
        assert found.remedy
    assert explain(MISSES[name]).cause is None


@pytest.mark.parametrize("ending", MISSES.values(), ids=list(MISSES))
def test_without_a_cause_there_is_no_advice_but_what_is_known(ending: Ending) -> None:
    found = explain(ending)
    assert found.remedy == ""
    known = "/x/y.py:12" if ending.code > 0 else f"signal {-ending.code} ("
    assert known in found.reason


def test_an_exception_is_told_with_its_text_and_place() -> None:
    assert explain(raised("ValueError: odd")).reason == "unexpected ValueError: odd (/x/y.py:12)"
    assert explain(raised("jinja2.exceptions.TemplateError: no system")).reason == (
        "the model's chat template raised an error: jinja2.exceptions.TemplateError: no system (/x/y.py:12)"
    )


def test_of_exceptions_in_a_row_the_last_is_told() -> None:
    first = raised("OSError: [Errno 28] No space left on device").printed
    both = Ending(
        1,
        f"{first}\nDuring handling of the above exception, another exception occurred:\n\n"
        + raised("KeyError: 3").printed,
    )
    assert explain(both).reason == "unexpected KeyError: 3 (/x/y.py:12)"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "the disk is full: OSError: [Errno 28]"),
        (
            TemplateError("no system"),
            "the model's chat template raised an error: jinja2.exceptions.TemplateError: no sys",
        ),
        (KeyError("x"), "unexpected KeyError: 'x' ("),
    ],
)
def test_an_error_of_this_process_is_explained_alike(error: Exception, reason: str) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        fail()
    assert explain_error(caught.value).reason.startswith(reason)
    assert "test_crashes.py:" in explain_error(caught.value).reason
