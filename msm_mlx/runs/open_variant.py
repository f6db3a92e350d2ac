"""The base model as one of a run's variants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from msm_mlx.errors import MsmError
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.layout import adapter_folder, context_file

if TYPE_CHECKING:
    from msm_mlx.engine.loaded_model import LoadedModel


def open_variant(loaded: LoadedModel, run: Path, variant: Variant) -> LoadedModel:
    """The base model that is `loaded`, as `variant` of the run in this folder; it may have been another variant before.

    Raises:
        MsmError: if the variant's adapter cannot be read, or does not fit the model.
    """
    from msm_mlx.engine.adapters import use_adapter, use_base

    if variant.has_adapter:
        use_adapter(loaded.model, run / adapter_folder(variant))
    else:
        use_base(loaded.model)
    return loaded.reading(context_of(run, variant))


def context_of(run: Path, variant: Variant) -> str:
    """What stands in the prompts of a variant besides what it is asked; for most, nothing.

    Raises:
        MsmError: if it cannot be read.
    """
    name = context_file(variant)
    if name is None:
        return ""
    try:
        return str(json.loads((run / name).read_text(encoding="utf-8"))["text"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MsmError(f"{run / name}: is missing or damaged; run the recipe's command again") from error
