"""The base that a run's adapters belong to, as other tools know it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

from msm_mlx.errors import RecipeError
from msm_mlx.files import make_folder, writing
from msm_mlx.models.hub import ModelRef
from msm_mlx.runs.finished import FinishedRun


def read_config(base: ModelRef) -> dict[str, Any]:
    """The config.json of the base."""
    return dict(json.loads((base.folder / "config.json").read_text(encoding="utf-8")))


def is_quantised(config: dict[str, Any]) -> bool:
    """Whether a model's config.json says that its weights are quantised."""
    return bool(config.get("quantization") or config.get("quantization_config"))


def require_original(run: FinishedRun, config: dict[str, Any], base_label: str | None) -> None:
    """Make sure that what goes to PyTorch names a base that can be loaded there.

    Raises:
        RecipeError: if the run's base is quantised, and nothing else is named.
    """
    if is_quantised(config) and not base_label:
        raise RecipeError(
            f"{run.model.pinned}: is quantised in mlx's own way, which transformers cannot load; "
            "name the model that it was made from with --base, as --base Qwen/Qwen3-8B"
        )


def base_name(base: ModelRef) -> str:
    """What other tools find the base by: its repository on the hub, or its folder."""
    return base.name.partition("@")[0] if base.revision else str(base.folder)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill; it takes the name `path` when the block ends well, and is removed when it does not.

    Raises:
        RecipeError: if there is something at `path`.
    """
    if path.exists():
        raise RecipeError(f"{path}: is there already; remove it, or choose another folder with --out")
    make_folder(path.parent)
    partial = path.with_name(f".{path.name}.partial")
    rmtree(partial, ignore_errors=True)
    with writing(path):
        partial.mkdir()
        try:
            yield partial
            partial.rename(path)
        finally:
            rmtree(partial, ignore_errors=True)
