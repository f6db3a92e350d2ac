"""Tokenised rows on disk, beside their text: a stage that goes on, or another seed, need not tokenise again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import mlx.core as mx
import numpy as np

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.files import replacing, sha256_file, sha256_json
from msm_mlx.models.folder import fingerprint
from msm_mlx.runs.layout import rows_file
from msm_mlx.training.tokenize import Row, pack_rows, read_rows, unpack_rows

VERSION = 1  # raised when rows come out of the same text in another way
LIBRARIES = ("mlx-lm", "tiktoken", "tokenizers", "transformers")
Kind = Literal["midtrain", "sft"]
KEY, DIGEST = "key", "sha256"


def load_rows(
    loaded: LoadedModel, kind: Kind, data: Path, settings: Mapping[str, Any], *, reasoned: bool = False
) -> list[Row]:
    """The rows of the texts in `data`: read, if they were made of this very text in this very way, else made and kept.

    What is torn, changed or made otherwise is made anew.
    """
    path, key = rows_file(data, reasoned=reasoned), _key(loaded, kind, data, settings, reasoned)
    if (there := _read(path, key)) is not None:
        return there
    rows = read_rows(loaded, kind, data, settings, reasoned=reasoned)
    arrays = pack_rows(rows)
    with replacing(path) as partial:
        mx.save_safetensors(
            str(partial), {name: mx.array(array) for name, array in arrays.items()}, {KEY: key, DIGEST: _digest(arrays)}
        )
    return rows


def _read(path: Path, key: str) -> list[Row] | None:
    try:
        content: Any = mx.load(str(path), return_metadata=True)
        found, metadata = content
        arrays = {name: np.array(array) for name, array in found.items()}
    except (OSError, RuntimeError, ValueError):  # none, or not a whole file of this kind
        return None
    if metadata.get(KEY) != key or metadata.get(DIGEST) != _digest(arrays):
        return None
    return unpack_rows(arrays)


def _key(loaded: LoadedModel, kind: Kind, data: Path, settings: Mapping[str, Any], reasoned: bool) -> str:
    """Changes with everything that decides which rows a text has."""
    names = ("max_length", "overlap") if kind == "midtrain" else ("max_length", "reasoning")
    how: dict[str, Any] = {name: settings[name] for name in names}
    return sha256_json(
        {
            "version": VERSION,
            "kind": kind,
            "reasoned": reasoned,
            "settings": how,
            "data": sha256_file(data),
            "model": fingerprint(loaded.folder),
            "template": loaded.tokenizer.chat_template,
            "libraries": {name: version(name) for name in LIBRARIES},
        }
    )


def _digest(arrays: dict[str, np.ndarray[Any, Any]]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for _, array in sorted(arrays.items()))).hexdigest()
