"""How a model's makers say that it is to be sampled: its generation_config.json. Imports no mlx."""

from __future__ import annotations

import json
from pathlib import Path

FILE = "generation_config.json"
_RANGES = {"temperature": (0.0, 100.0), "top_p": (0.0, 1.0), "top_k": (0, 2**31), "min_p": (0.0, 1.0)}
NAMES = tuple(_RANGES)


def read_generation_config(folder: Path) -> dict[str, float]:
    """Those of temperature, top_p, top_k and min_p that the file in `folder` gives; none if it is for greedy decoding.

    What no sampler could use is left out, as is all of a file that cannot be read.
    """
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or content.get("do_sample") is False:
        return {}
    return {name: content[name] for name in NAMES if _is_usable(name, content.get(name))}


def _is_usable(name: str, value: object) -> bool:
    """Whether a sampler can use the value, which for all but top_k and min_p must be above 0."""
    if isinstance(value, bool) or not isinstance(value, int if name == "top_k" else int | float):
        return False
    least, most = _RANGES[name]
    return least <= value <= most and (value > 0 or name in ("top_k", "min_p"))
