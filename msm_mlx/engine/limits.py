"""Limits on the memory that mlx keeps for itself, set for a while and restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import mlx.core as mx

CACHE_LIMIT = (
    2 * 2**30
)  # bytes of freed buffers; without it, arrays of varying shapes fill the memory (mlx-lm issue 986)
WIRED_SHARE = 0.75  # of what the system recommends; all of it can freeze a Mac with little memory


@contextmanager
def bounded_memory() -> Iterator[list[str]]:
    """Limit the cache of freed buffers and, on Metal, the wired memory. Yields lines for the log."""
    notes: list[str] = []
    recommended = int(mx.device_info().get("max_recommended_working_set_size", 0))
    old_cache_limit = mx.set_cache_limit(min(CACHE_LIMIT, recommended // 8) if recommended else CACHE_LIMIT)
    old_wired_limit = mx.set_wired_limit(int(WIRED_SHARE * recommended)) if mx.metal.is_available() else None
    if recommended:
        notes.append(f"Memory: {WIRED_SHARE * recommended / 2**30:.1f} GiB may be wired.")
    mx.reset_peak_memory()
    try:
        yield notes
    finally:
        mx.set_cache_limit(old_cache_limit)
        if old_wired_limit is not None:
            mx.set_wired_limit(old_wired_limit)
        mx.clear_cache()
