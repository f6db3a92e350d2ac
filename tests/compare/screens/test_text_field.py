"""What is pasted into an input line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.app_screens import driving, make_app, make_session, play, press, screen_text
from helpers.hostile_text import commands_in
from textual.events import Paste

from msm_mlx.compare.app import CompareApp
from msm_mlx.compare.session import Session

pytestmark = pytest.mark.slow


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """No prompts but those that a test adds."""
    return replace(make_session(tmp_path), prompts=(), stored={})


def unclean(app: CompareApp) -> set[str]:
    """The characters of the screen that are no text, the ends of its rows apart."""
    return commands_in(screen_text(app))


def test_a_pasted_prompt_loses_what_cannot_be_shown(session: Session) -> None:
    app = make_app(session)

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("slash")
            app.screen.query_one("Input").post_message(Paste("what\x1b[31m is\u202e this"))
            await pilot.pause()
            assert not unclean(app)
            await press(app, pilot, "enter")
            assert app.state.prompt is not None
            assert app.state.prompt.text == "what [31m is  this"

    play(work())
