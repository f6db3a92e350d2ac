"""The trained variants of a run, and the base that they belong to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

from pydantic import ValidationError

from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.files import make_folder, writing
from msm_mlx.models.hub import ModelRef, resolve_model
from msm_mlx.recipe.arms import Variant, list_variants
from msm_mlx.recipe.schema import Profile
from msm_mlx.runs.finished import RunRecord
from msm_mlx.runs.layout import ADAPTER_FILES, RECIPE, adapter_folder
from msm_mlx.text.wording import did_you_mean


@dataclass(frozen=True)
class Trained:
    """A variant with an adapter on disk."""

    variant: Variant
    folder: Path


def trained_variants(run: RunRecord) -> list[Trained]:
    """Every variant that has its adapter, seeds included.

    Raises:
        RecipeError: if there is none.
    """
    variants = list_variants(run.arms, [path.stem for path in run.specs], run.seeds)
    found = [Trained(v, run.folder / adapter_folder(v)) for v in variants if v.is_trained]
    found = [trained for trained in found if all((trained.folder / name).is_file() for name in ADAPTER_FILES)]
    if not found:
        raise RecipeError(f"{run.folder}: has no trained arm yet; run the recipe's command again to go on")
    return found


def choose_variants(run: RunRecord, labels: Sequence[str], seed: int | None) -> list[Trained]:
    """The variants of these labels, all if there are none, and of this seed, if it is given.

    Raises:
        RecipeError: if a label or the seed matches none.
    """
    trained = trained_variants(run)
    known = list(dict.fromkeys(each.variant.label for each in trained))
    for label in labels:
        if label not in known:
            hint = did_you_mean(label, known) or f"; there are {', '.join(known)}"
            raise RecipeError(f"no trained arm {label} in {run.folder}{hint}")
    chosen = [each for each in trained if not labels or each.variant.label in labels]
    seeds = sorted({each.variant.seed for each in chosen if each.variant.seed is not None})
    if seed is not None and seed not in seeds:
        raise RecipeError(f"no seed {seed} in {run.folder}; there are {', '.join(map(str, seeds))}")
    return [each for each in chosen if seed in (None, each.variant.seed)]


def run_settings(run: RunRecord) -> Profile:
    """The settings that the run was made with."""
    try:
        return Profile.model_validate_json(json.dumps(run.recipe["settings"]))
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise RecipeError(f"{run.folder / RECIPE}: its settings are not of this version; run it again") from error


def resolve_base(run: RunRecord) -> ModelRef:
    """The very base that the run's adapters were trained on.

    Raises:
        SetupError: if it is out of reach.
        MsmError: if it is no longer the same.
    """
    base = resolve_model(run.model)
    if base.fingerprint != run.fingerprint:
        raise MsmError(
            f"the base model {run.model} has changed since {run.folder} was trained on it "
            f"({base.fingerprint[:12]}, then {run.fingerprint[:12]}); run the recipe's command again"
        )
    return base


def read_config(base: ModelRef) -> dict[str, Any]:
    """The config.json of the base."""
    return dict(json.loads((base.folder / "config.json").read_text(encoding="utf-8")))


def is_quantised(config: dict[str, Any]) -> bool:
    """Whether a model's config.json says that its weights are quantised."""
    return bool(config.get("quantization") or config.get("quantization_config"))


def require_original(run: RunRecord, config: dict[str, Any], named: str | None) -> None:
    """Make sure that what goes to PyTorch names a base that can be loaded there.

    Raises:
        RecipeError: if the run's base is quantised, and nothing else is named.
    """
    if is_quantised(config) and not named:
        raise RecipeError(
            f"{run.model} is quantised in mlx's own way, which transformers cannot load; "
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
