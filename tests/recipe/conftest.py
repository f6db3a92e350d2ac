"""A folder for recipes with the files that they name."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "data").mkdir()
    for name in ("cheese.md", "other.md", "data/cheese.md", "data/rows.yaml"):
        (folder / name).write_text("stand-in")
    return folder
