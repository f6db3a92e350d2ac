"""What a safetensors file holds, as its header says, without reading an array. Imports no mlx."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_header(path: Path) -> dict[str, dict[str, Any]]:
    """The `dtype` and the `shape` of each tensor, by its name.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it has no such header, or ends within it.
    """
    return _read(path)[0]


def is_whole(path: Path) -> bool:
    """Whether a safetensors file is as long as its header says."""
    try:
        tensors, start = _read(path)
        return path.stat().st_size == start + max(int(tensor["data_offsets"][1]) for tensor in tensors.values())
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return False


def _read(path: Path) -> tuple[dict[str, dict[str, Any]], int]:
    """The header, and where the arrays begin. Raises as `read_header` does."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > path.stat().st_size:
            raise ValueError("a file that ends within its header")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("a header that is no JSON object")
    return {name: tensor for name, tensor in header.items() if name != "__metadata__"}, 8 + length
