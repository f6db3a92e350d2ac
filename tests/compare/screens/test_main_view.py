"""The main screen as a whole, over stored answers."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.app_screens import (
    see,
    visit,
)
from helpers.planted_runs import bare_run

from msm_mlx.compare.screens.actions import ACTIONS
from msm_mlx.compare.session import Session

pytestmark = pytest.mark.slow


def test_a_session_of_one_arm_and_no_prompts_is_no_accident(session: Session, tmp_path: Path) -> None:
    alone = replace(session, runs=(bare_run(tmp_path / "bare"),), arms=session.arms[:1], prompts=(), stored={})
    assert "These runs have no suites" in see(alone)
    assert see(alone, *(key for first in "nodmwDslvbec" for key in (first, "escape")))


def test_keys_in_any_order_break_nothing(session: Session) -> None:
    """A walk over the keys, and escape now and then so that no page stays open for long."""
    keys = [action.keys[0] for action in ACTIONS if action.call not in ("quit", "generate", "reseed", "ask")]
    walk = random.Random(0).choices([*keys, "tab", "down", "escape", "escape", "escape"], k=25)
    assert see(session, *walk)


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
def test_quitting(session: Session, key: str) -> None:
    app, _ = visit(session, "?", key) if key == "ctrl+c" else visit(session, key)
    assert app.return_code == 0
