"""How many parameters a model has: counted in the headers of its weights, or as its name says. Imports no mlx."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

from msm_mlx.models.config import text_config
from msm_mlx.models.safetensors_header import read_header

_SIZE = re.compile(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)([bBmM])(?![A-Za-z0-9])")
_UNITS = {"b": 1e9, "m": 1e6}
_PACKED_BITS = 32  # of the integers that hold quantised weights


def parameter_count(model: str) -> tuple[int, str] | None:
    """The parameters of the model that `model` names, with how that is known; None where nothing says it.

    Of a model of the hub only the name counts, so that the answer is the same before and after its download.
    """
    folder = Path(model).expanduser()
    try:
        count = _count(folder) if folder.is_dir() else None
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        count = None  # whoever opens the model says what is wrong with it
    if count:
        return count, "by its weights"
    name = folder.name.partition("@")[0]
    sizes = [float(number) * _UNITS[unit.lower()] for number, unit in _SIZE.findall(name)]
    return (round(max(sizes)), "by its name") if sizes else None


def _count(folder: Path) -> int:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    quantization = config.get("quantization") or text_config(config).get("quantization") or {}
    bits = quantization.get("bits", _PACKED_BITS)
    return sum(
        round(math.prod(tensor["shape"]) * (_PACKED_BITS / bits if tensor["dtype"] == "U32" else 1))
        for path in folder.glob("model*.safetensors")
        for name, tensor in read_header(path).items()
        if not name.endswith((".scales", ".biases"))
    )


def human_count(count: float) -> str:
    """A number of parameters in words: `135M`, `1.7B`."""
    unit, letter = (1e9, "B") if count >= 1e9 - 5e5 else (1e6, "M")
    number = count / unit
    return f"{number:.2g}{letter}" if number < 10 else f"{number:.0f}{letter}"
