"""The system's OpenBLAS, loaded before mlx on Linux, where the CPU wheel brings a reference BLAS that is tens of times slower."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

LIBRARY = "libopenblas.so.0"
PACKAGE = "libopenblas0-pthread"


@cache
def load_openblas() -> str:
    """Put OpenBLAS's symbols before those of mlx's own BLAS, and say in one line which BLAS is used.

    Must run before the first import of `mlx.core`. The core type is left to OpenBLAS's own detection: a forced
    one can be an illegal instruction.
    """
    if not sys.platform.startswith("linux"):
        return "Metal"
    if "mlx.core" in sys.modules:
        return "the BLAS that mlx was imported with"
    try:
        ctypes.CDLL(LIBRARY, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return f"mlx's reference BLAS; the Debian package {PACKAGE} makes it tens of times faster"
    return "the system's OpenBLAS"
