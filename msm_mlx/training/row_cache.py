"""Tokenised rows on disk, beside their texts, so that a resumed stage or another seed need not tokenise again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.files import alone_in, replacing, sha256_file, sha256_json
from msm_mlx.models.folder import fingerprint
from msm_mlx.recipe.arms import Method
from msm_mlx.runs.layout import rows_file
from msm_mlx.training.tokenize import TokenRow, arrays_to_rows, read_rows, rows_to_arrays

VERSION = 2  # to be raised when the code makes other rows of the same texts
LIBRARIES = ("mlx-lm", "tiktoken", "tokenizers", "transformers")
KEY, DIGEST = "key", "sha256"


def load_rows(
    loaded: LoadedModel,
    method: Method,
    data: Path,
    settings: Mapping[str, Any],
    *,
    reasoned: bool = False,
    version: int = VERSION,
) -> list[TokenRow]:
    """The rows of the texts in `data`, from the cache if it was made of these very texts in this very way.

    A cache that is damaged or out of date is replaced, by one process while others wait. `version` is that of the code
    that makes rows; for the other arguments see `read_rows`.
    """
    path, key = rows_file(data, reasoned=reasoned), _key(loaded, method, data, settings, reasoned, version)
    with alone_in(path.parent):
        if (cached := _read(path, key)) is not None:
            return cached
        rows = read_rows(loaded, method, data, settings, reasoned=reasoned)
        arrays = rows_to_arrays(rows)
        with replacing(path) as partial:
            mx.save_safetensors(
                str(partial),
                {name: mx.array(array) for name, array in arrays.items()},
                {KEY: key, DIGEST: _digest(arrays)},
            )
        return rows


def _read(path: Path, key: str) -> list[TokenRow] | None:
    try:
        content: Any = mx.load(str(path), return_metadata=True)
        tensors, metadata = content
        arrays = {name: np.array(array) for name, array in tensors.items()}
    except (OSError, RuntimeError, ValueError):  # no file, or not a whole one
        return None
    if metadata.get(KEY) != key or metadata.get(DIGEST) != _digest(arrays):
        return None
    return arrays_to_rows(arrays)


def _key(
    loaded: LoadedModel, method: Method, data: Path, settings: Mapping[str, Any], reasoned: bool, version: int
) -> str:
    """A hash of everything that decides which rows a text has."""
    names = ("max_length", "overlap") if method == "midtrain" else ("max_length", "reasoning")
    return sha256_json(
        {
            "version": version,
            "method": method,
            "reasoned": reasoned,
            "settings": {name: settings[name] for name in names},
            "data": sha256_file(data),
            "model": fingerprint(loaded.folder),
            "template": loaded.tokenizer.chat_template,
            "date": loaded.choice.date,
            "libraries": {name: installed_version(name) for name in LIBRARIES},
        }
    )


def _digest(arrays: dict[str, np.ndarray[Any, Any]]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for _, array in sorted(arrays.items()))).hexdigest()
