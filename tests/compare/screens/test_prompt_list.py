"""The list of prompts: steps, filter, highlight."""

from __future__ import annotations

import pytest
from helpers.app_screens import (
    driving,
    make_app,
    no_engine,
    play,
    press,
    screen_text,
    see,
    type_text,
    visit,
)

from msm_mlx.compare.session import Session

pytestmark = pytest.mark.slow


def test_stepping_through_prompts_stops_at_both_ends(session: Session) -> None:
    app = make_app(session, no_engine)

    async def work() -> None:
        async with driving(app) as pilot:
            for keys, at in (("n", 1), ("nn", 3), ("p", 2), ("ppp", 0), ("n" * 8, 7)):
                await press(app, pilot, *keys)
                assert app.state.prompt == session.prompts[at]
                assert f"{at + 1}/8" in screen_text(app)

    play(work())


def test_the_filter_narrows_the_list_and_the_steps(session: Session) -> None:
    app = make_app(session, no_engine)

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("f")
            await type_text(pilot, "policy")
            assert "2 prompts" in screen_text(app)
            await press(app, pilot, "enter", "enter")
            assert app.state.prompt == session.prompts[6]
            await press(app, pilot, "n", "n", "n")
            assert app.state.prompt == session.prompts[7]
            await pilot.press("f", "escape")
            await press(app, pilot, "p", "p")
            assert app.state.prompt == session.prompts[5]

    play(work())


def test_a_filter_that_nothing_passes_says_so(session: Session) -> None:
    assert "nothing found" in see(session, "f", "z", "z", "z")


def test_the_list_shows_what_is_highlighted_at_once(session: Session) -> None:
    app, _ = visit(session, "down", "down", size=(120, 40))
    assert app.state.prompt == session.prompts[0]  # the arrows scroll the pane until the list has the focus

    app, _ = visit(session, "o", "o", "down", "down", size=(120, 40))
    assert app.state.prompt == session.prompts[2]


def test_a_click_on_a_prompt_shows_it(session: Session) -> None:
    app = make_app(session, no_engine)

    async def work() -> None:
        async with driving(app, (120, 40)) as pilot:
            await pilot.click("OptionList", offset=(5, 3))
            await pilot.pause()
            assert app.state.prompt == session.prompts[2]

    play(work())
