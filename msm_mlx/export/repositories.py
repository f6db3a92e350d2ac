"""What a run gives to the hub: a repository with adapters, recipe and results, and one with the data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from msm_mlx.engine.adapter_files import CONFIG, WEIGHTS
from msm_mlx.export.model_card import data_card, model_card, public_base
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.layout import (
    DEMONSTRATIONS,
    DOCUMENT_FILES,
    DOCUMENTS_FOLDER,
    RECIPE,
    RESULTS,
    adapter_folder,
    declared_data,
)
from msm_mlx.settings_file.dump import dump

DATA_SUFFIX = "-data"
_FOLDERS = re.compile(r"~/(?:[^/\s'\"\[\],]+/)*|(?<![\w.:/~-])/(?:[^/\s'\"\[\],]+/)+")  # of a path on this machine


@dataclass(frozen=True)
class HubUpload:
    """The files of one repository: where each comes from, or what it holds, by its path there."""

    repo: str
    kind: Literal["model", "dataset"]
    files: Mapping[str, Path | bytes]

    def size(self, name: str) -> int:
        source = self.files[name]
        return len(source) if isinstance(source, bytes) else source.stat().st_size


def prepare_uploads(
    run: FinishedRun, variants: Sequence[Variant], repo: str, *, with_data: bool = True
) -> list[HubUpload]:
    """The repositories that `variants` make, what they refer to first. Nothing in them names a folder of this machine.

    Raises:
        RecipeError: if the run's evaluation is not finished.
    """
    data = _data_files(run) if with_data else {}
    uploads = []
    if data:
        page = data_card(run, sorted(data), repo)
        uploads.append(HubUpload(repo + DATA_SUFFIX, "dataset", {"README.md": page.encode()} | data))
    card = model_card(repo, run, variants, repo + DATA_SUFFIX if data else None)
    files: dict[str, Path | bytes] = {"README.md": card.encode(), Path(RESULTS).name: run.folder / RESULTS}
    recipe = dump(without_folders(run.recipe.model_dump(mode="json")))
    files[RECIPE] = recipe.encode()
    files |= {f"specs/{spec.name}": spec for spec in run.recipe.specs if spec.is_file()}
    for variant in variants:
        files |= _adapter_files(run, variant)
    return [*uploads, HubUpload(repo, "model", files)]


def without_folders(content: Any) -> Any:
    """`content` with every path of this machine cut down to the name of its file."""
    if isinstance(content, dict):
        return {key: without_folders(value) for key, value in content.items()}
    if isinstance(content, list):
        return [without_folders(value) for value in content]
    if isinstance(content, str):
        return Path(content).name if content.startswith(("/", "~")) else _FOLDERS.sub("", content)
    return content


def _adapter_files(run: FinishedRun, variant: Variant) -> dict[str, Path | bytes]:
    adapter, folder = run.adapter(variant), adapter_folder(variant)
    config = json.loads((adapter / CONFIG).read_text(encoding="utf-8")) | {"model": public_base(run)}
    return {
        f"{folder}/{CONFIG}": (json.dumps(config, indent=2) + "\n").encode(),
        f"{folder}/{WEIGHTS}": adapter / WEIGHTS,
    }


def _data_files(run: FinishedRun) -> dict[str, Path | bytes]:
    documents = sorted((run.folder / DOCUMENTS_FOLDER).glob(f"**/{DOCUMENT_FILES[0]}"))
    declared = [run.folder / declared_data(name) for name in run.recipe.stages]
    paths = [*documents, run.folder / DEMONSTRATIONS, *declared]
    return {path.relative_to(run.folder).as_posix(): path for path in paths if path.is_file() and path.stat().st_size}
