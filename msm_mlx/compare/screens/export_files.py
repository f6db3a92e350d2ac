"""Comparisons written into the run folder."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path

from msm_mlx.compare.comparison import Comparison, to_json, to_markdown
from msm_mlx.files import write_text

EXPORTS = "exports"


def write_comparisons(folder: Path, name: str, comparisons: Sequence[Comparison]) -> Path:
    """Write `exports/NAME-N.md` and the same as JSON, with the first number that is free; the Markdown file's path.

    Raises:
        SetupError: if they cannot be written.
    """
    folder = folder / EXPORTS
    paths = (folder / f"{name}-{number}.md" for number in count(1))
    path = next(p for p in paths if not p.exists() and not p.with_suffix(".json").exists())
    write_text(path, to_markdown(comparisons))
    write_text(path.with_suffix(".json"), to_json(comparisons) + "\n")
    return path
