"""Whether `mlx.launch` has started this process as one of several. Imports no mlx and connects to nobody."""

from __future__ import annotations

import os


def is_launched() -> bool:
    return "MLX_RANK" in os.environ


def launched_rank() -> int:
    """The number of this process among those that `mlx.launch` started; 0 without it."""
    return int(os.environ.get("MLX_RANK", "0"))
