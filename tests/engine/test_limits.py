"""Bounds on memory hold for a while and are put back."""

from __future__ import annotations

import mlx.core as mx
import pytest

from msm_mlx.engine.limits import CACHE_LIMIT, bounded_memory


def test_the_cache_limit_is_put_back_even_after_a_failure() -> None:
    before = mx.set_cache_limit(12345)
    try:
        with bounded_memory():
            assert mx.set_cache_limit(CACHE_LIMIT) <= CACHE_LIMIT
        with pytest.raises(KeyError), bounded_memory():
            raise KeyError
        assert mx.set_cache_limit(before) == 12345
    finally:
        mx.set_cache_limit(before)
