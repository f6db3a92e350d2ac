"""Bounds on what mlx may keep for itself, set for a while and put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import mlx.core as mx

CACHE = 2 * 2**30  # bytes of freed buffers; unbounded, the cache of varying shapes fills the memory (mlx-lm issue 986)
WIRED_SHARE = 0.75  # of what the system recommends; all of it can freeze a Mac with little memory


@contextmanager
def bounded_memory() -> Iterator[list[str]]:
    """While it lasts, the cache is bounded and, on Metal, memory is wired with room for others. Gives what to say."""
    said: list[str] = []
    recommended = int(mx.device_info().get("max_recommended_working_set_size", 0))
    cache = mx.set_cache_limit(min(CACHE, recommended // 8) if recommended else CACHE)
    wired = mx.set_wired_limit(int(WIRED_SHARE * recommended)) if mx.metal.is_available() else None
    if recommended:
        said.append(f"Memory: {WIRED_SHARE * recommended / 2**30:.1f} GiB may be wired.")
    mx.reset_peak_memory()
    try:
        yield said
    finally:
        mx.set_cache_limit(cache)
        if wired is not None:
            mx.set_wired_limit(wired)
        mx.clear_cache()
