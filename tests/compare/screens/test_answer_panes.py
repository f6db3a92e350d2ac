"""What the panes show of stored answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers.app_screens import (
    ARMS,
    driving,
    make_app,
    no_engine,
    play,
    press,
    see,
    shown,
)

from msm_mlx.compare.diff import word_diff
from msm_mlx.compare.session import Session

pytestmark = pytest.mark.slow


def test_the_first_screen_shows_the_stored_answers_of_all_arms(session: Session) -> None:
    text = see(session)

    item = session.prompts[0].item
    assert item is not None
    for label in ARMS:
        assert f"─ {label} ─" in text or f"━ {label} ━" in text
    assert text.count(f"I prefer {item.target}.") == 2  # those with a positive margin
    assert text.count(f"I prefer {item.other}.") == 2
    assert text.count("stored") == 4
    assert "+3.50" in text
    assert "-0.49" in text


def test_the_diff_marks_the_words_that_differ(session: Session) -> None:
    app = make_app(session, no_engine)

    async def work() -> None:
        async with driving(app) as pilot:
            await press(app, pilot, "d")
            first = app.query_one("#pane1 .growing")
            strips = app.screen._compositor.render_strips()[first.region.y : first.region.bottom]
            marked = "".join(s.text for strip in strips for s in strip.crop(1, 38) if s.style and s.style.underline)
            texts = [str(session.stored[session.prompts[0].id, label].text) for label in ARMS[:2]]
            assert marked == "".join(span.text for span in word_diff(*texts)[0] if span.changed)
            assert marked

    play(work())


def test_rendered_answers_lose_their_marks_and_raw_ones_keep_them(session: Session) -> None:
    key = (session.prompts[0].id, "base")
    marked = replace(session.stored[key], text="**bold** and <think>hidden</think>")
    session = replace(session, stored={**session.stored, key: marked})
    assert "**bold** and <think>hidden</think>" in see(session)

    app = make_app(session, no_engine)

    async def work() -> None:
        async with driving(app) as pilot:
            await press(app, pilot, "m")
            assert "**bold**" not in shown(app, "#pane1")
            assert "bold and" in shown(app, "#pane1")
            await press(app, pilot, "m")
            assert "**bold** and <think>hidden</think>" in shown(app, "#pane1")

    play(work())
