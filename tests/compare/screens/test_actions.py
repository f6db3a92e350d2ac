"""The table of actions is what bindings, help and palette say."""

from __future__ import annotations

import pytest
from helpers.app_screens import (
    driving,
    make_app,
    no_engine,
    play,
    see,
    type_text,
)
from textual.pilot import Pilot

from msm_mlx.compare.app import CompareApp
from msm_mlx.compare.screens.actions import ACTIONS, bindings
from msm_mlx.compare.session import Session


def test_every_binding_comes_from_the_table() -> None:
    assert len(bindings()) == sum(len(action.keys) for action in ACTIONS)
    assert [binding.action for binding in bindings() if binding.key.isdecimal()] == [
        f"toggle_arm({n})" for n in range(1, 10)
    ]


pytestmark = pytest.mark.slow


def test_help_names_every_action_and_every_key(session: Session) -> None:
    text = see(session, "?", size=(120, 60))
    for action in ACTIONS:
        assert action.name in text
        assert action.display in text


def test_no_key_has_two_meanings_at_a_time() -> None:
    """Only b has two: it begins blind mode, and in blind mode it votes."""
    keys = [key for action in ACTIONS for key in action.keys]
    assert sorted({key for key in keys if keys.count(key) > 1}) == ["b"]


def test_the_palette_finds_actions_by_name(session: Session) -> None:
    app = make_app(session, no_engine)

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("ctrl+p")
            await type_text(pilot, "Next prompt")
            await pilot.pause(0.5)
            await pilot.press("enter")
            await wait_for_one_screen(app, pilot)
            assert app.state.prompt == session.prompts[1]

    play(work())


async def wait_for_one_screen(app: CompareApp, pilot: Pilot[None]) -> None:
    while len(app.screen_stack) > 1:
        await pilot.pause(0.02)
    await pilot.pause(0.1)
