"""The system's OpenBLAS, loaded before mlx on Linux, where the CPU wheel brings a BLAS that is tens of times slower."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

LIBRARY = "libopenblas.so.0"
PACKAGE = "libopenblas0-pthread"
THREADS = "OPENBLAS_NUM_THREADS"
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # parameters of mallopt(3)
KEEP_MAPPED, KEEP_FREE = 1 << 25, 1 << 30  # bytes; the first is the most that glibc takes
SMALL = 50_000_000  # parameters; the products of smaller models are done before a second thread has woken up


@cache
def load_openblas() -> str:
    """Put OpenBLAS's symbols before those of mlx's own BLAS, and say in a few words what multiplies matrices.

    Must run before the first import of `mlx.core`. The core type is left to OpenBLAS's own detection: a forced
    one can be an illegal instruction.
    """
    if not sys.platform.startswith("linux"):
        return "Metal"
    if "mlx.core" in sys.modules:
        return "the BLAS that mlx was imported with"
    if _library(ctypes.RTLD_GLOBAL) is None:
        return f"mlx's reference BLAS; the Debian package {PACKAGE} makes it tens of times faster"
    return "the system's OpenBLAS"


def use_one_thread(parameters: int) -> None:
    """Keep OpenBLAS to one thread for a small model, where several only wait for each other: half the time or less
    on two cores. An environment variable of the user's wins."""
    library = _library(ctypes.DEFAULT_MODE) if sys.platform.startswith("linux") and THREADS not in os.environ else None
    if library is not None and parameters < SMALL:
        library.openblas_set_num_threads(1)


def keep_freed_memory() -> None:
    """Let glibc keep what mlx frees for the next array of that size. It gives large blocks back at once otherwise, and
    faulting them in again took more than half of a training step's time. Nothing happens on other systems."""
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, KEEP_MAPPED)
        library.mallopt(M_TRIM_THRESHOLD, KEEP_FREE)


@contextmanager
def few_rows() -> Iterator[None]:
    """Keep OpenBLAS to one thread for products of a few rows with large matrices, if there are two cores: such products
    wait for the memory, and a second thread made those of four rows take twice as long."""
    two = sys.platform.startswith("linux") and THREADS not in os.environ and (os.cpu_count() or 1) <= 2
    library = _library(ctypes.DEFAULT_MODE) if two else None
    if library is None:
        yield
        return
    before = library.openblas_get_num_threads()
    library.openblas_set_num_threads(1)
    try:
        yield
    finally:
        library.openblas_set_num_threads(before)


def _library(mode: int) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(LIBRARY, mode=mode)
    except OSError:
        return None
