"""The site of the docs is built without a warning, if mkdocs-material is here (`pip install 'msm-mlx[docs]'`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command_line import ROOT, environment
from helpers.documented import DOCS

pytestmark = pytest.mark.slow


def test_the_site_has_every_page_and_asks_no_server(tmp_path: Path) -> None:
    pytest.importorskip("material", reason="no mkdocs-material here: the site of the docs is not built")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(
        build, cwd=ROOT, env=environment(NO_MKDOCS_2_WARNING="1"), capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert {page.stem for page in DOCS.glob("*.md")} - {"index"} <= {folder.name for folder in tmp_path.iterdir()}
    assert "fonts.googleapis.com" not in (tmp_path / "index.html").read_text(encoding="utf-8")
