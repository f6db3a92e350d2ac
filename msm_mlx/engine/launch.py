"""Tells whether `mlx.launch` has started this process. Imports no mlx and opens no connection."""

from __future__ import annotations

import os


def is_launched() -> bool:
    """Whether `mlx.launch` has started this process as one of several."""
    return "MLX_RANK" in os.environ


def launched_rank() -> int:
    """The rank that `mlx.launch` has given this process; 0 without it."""
    return int(os.environ.get("MLX_RANK", "0"))
