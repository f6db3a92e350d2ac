"""A run that is made without a model, and its report."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.fake_reports import make_run

from msm_mlx.report.files import write_report


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "cheese")


@pytest.fixture
def page(run: Path) -> str:
    """The report of `run` as HTML; the Markdown is beside it."""
    return write_report([run], run)[0].read_text(encoding="utf-8")
