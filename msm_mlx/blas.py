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
