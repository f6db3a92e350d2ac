"""Documents can be read and searched."""

from __future__ import annotations

import pytest
from helpers.app_screens import (
    driving,
    make_app,
    no_engine,
    play,
    screen_text,
    see,
    type_text,
)
from helpers.hostile_text import squeeze

from msm_mlx.compare.session import Session

pytestmark = pytest.mark.slow


def test_documents_can_be_searched(session: Session) -> None:
    app = make_app(session, no_engine)

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("D")
            assert "3 of 3" in screen_text(app)
            assert "Memo. Pocket likes cream cheese." in screen_text(app)
            await pilot.press("down")
            await pilot.pause()
            assert "Colby comes from Wisconsin." in screen_text(app)
            await pilot.press("slash")
            await type_text(pilot, "FETA")
            assert "1 of 3" in screen_text(app)
            assert "Pocket declines feta." in screen_text(app)
            await pilot.press("escape")
            assert "3 of 3" in screen_text(app)
            await pilot.press("escape")
            assert len(app.screen_stack) == 1

    play(work())


def test_damaged_documents_are_told(session: Session) -> None:
    session.documents["msm"].write_text("{", encoding="utf-8")
    assert "notaJSON" in squeeze(see(session, "D", size=(120, 40)).replace("▌", ""))  # the edge of a notice
