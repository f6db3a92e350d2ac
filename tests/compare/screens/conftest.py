"""A small session, and what holds for every test of the app."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.app_screens import make_session

from msm_mlx.compare.session import Session


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing moves or blinks on its own, and colours follow no setting of whoever runs the tests."""
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return make_session(tmp_path)
