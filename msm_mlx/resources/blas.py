"""The system's OpenBLAS: loaded before mlx on Linux, where mlx's own BLAS is tens of times slower; and its threads."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

LIBRARY = "libopenblas.so.0"
PACKAGE = "libopenblas0-pthread"
THREADS = "OPENBLAS_NUM_THREADS"
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # parameters of mallopt(3)
MMAP_THRESHOLD, TRIM_THRESHOLD = 1 << 25, 1 << 30  # bytes; the first is the largest value that glibc accepts
SMALL_MODEL = 50_000_000  # parameters; the products of smaller models end before a second thread has woken up


def open_openblas(mode: int) -> ctypes.CDLL | None:
    """The system's OpenBLAS, opened with `mode` of dlopen(3); None if there is none."""
    try:
        return ctypes.CDLL(LIBRARY, mode=mode)
    except OSError:
        return None


@cache
def load_openblas() -> str:
    """Load OpenBLAS so that its symbols win over those of mlx's own BLAS. Returns a phrase that says what is used.

    Must run before the first import of `mlx.core`. OpenBLAS detects the core type by itself, because a forced one can
    mean illegal instructions.
    """
    if not sys.platform.startswith("linux"):
        return "Metal"
    if "mlx.core" in sys.modules:
        return "the BLAS that mlx was imported with"
    if open_openblas(ctypes.RTLD_GLOBAL) is None:
        return f"mlx's reference BLAS; the Debian package {PACKAGE} makes it tens of times faster"
    return "the system's OpenBLAS"


def use_one_thread(parameters: int) -> None:
    """Use one BLAS thread for a model of few parameters, unless the user has set `OPENBLAS_NUM_THREADS`.

    Several threads would only wait for each other: on two cores one thread takes half the time or less.
    """
    library = (
        open_openblas(ctypes.DEFAULT_MODE) if sys.platform.startswith("linux") and THREADS not in os.environ else None
    )
    if library is not None and parameters < SMALL_MODEL:
        library.openblas_set_num_threads(1)


def keep_freed_memory() -> None:
    """Have glibc keep the blocks that mlx frees, for the next array of that size. Does nothing on other systems.

    By default glibc returns large blocks to the system at once, and faulting them in again took more than half of the
    time of a training step.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD)
        library.mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD)


@contextmanager
def single_threaded_blas(open_library: Callable[[int], Any] = open_openblas) -> Iterator[None]:
    """Use one BLAS thread on machines of up to two cores, for products of a few rows with large matrices.

    Such products are bound by memory bandwidth: with a second thread, those of four rows took twice as long.

    Args:
        open_library: gives the library whose threads are counted, or None.
    """
    applies = sys.platform.startswith("linux") and THREADS not in os.environ and (os.cpu_count() or 1) <= 2
    library = open_library(ctypes.DEFAULT_MODE) if applies else None
    if library is None:
        yield
        return
    threads = library.openblas_get_num_threads()
    library.openblas_set_num_threads(1)
    try:
        yield
    finally:
        library.openblas_set_num_threads(threads)
