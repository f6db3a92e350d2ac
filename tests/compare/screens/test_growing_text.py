"""Text that grows: what is wrapped bit by bit is what would be wrapped at once, and what is selected is the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.app_screens import driving, make_app, make_session, only_answers, play, shown
from helpers.hostile_text import HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.text import Text

from msm_mlx.compare.screens.growing_text import ScreenLine, wrap_lines
from msm_mlx.text.terminal import literal

quick = settings(max_examples=60)

PIECES = st.lists(st.sampled_from(["a", " word", "  ", "\n", "漢", "x" * 23, *HOSTILE]), min_size=1, max_size=25)


@pytest.mark.slow
@quick
@given(PIECES, st.integers(2, 30))
def test_text_in_pieces_is_wrapped_like_the_whole(pieces: list[str], width: int) -> None:
    body, lines = Text(), list[ScreenLine]()
    for piece in pieces:
        body = literal(body.plain + piece)
        lines = wrap_lines(body, width, lines)
    assert lines == wrap_lines(body, width)


@quick
@given(PIECES, st.integers(2, 30))
def test_every_line_fits_and_knows_where_it_stands(pieces: list[str], width: int) -> None:
    body = literal("".join(pieces))
    rows = body.plain.split("\n")
    lines = wrap_lines(body, width)
    for line in lines:
        assert line.text.cell_len <= width
        assert body.plain.startswith(line.text.plain, line.start)
        assert rows[line.row].startswith(line.text.plain, line.column)
    assert "".join("".join(line.text.plain for line in lines).split()) == "".join(body.plain.split())


def test_lines_are_broken_before_words_and_in_those_that_are_longer() -> None:
    found = [line.text.plain for line in wrap_lines(Text("  one  two three\n\nincomprehensible 漢字漢字"), 6)]
    assert found == ["  one", "two", "three", "", "incomp", "rehens", "ible", "漢字漢", "字"]


def test_what_the_mouse_selects_is_the_text_without_the_ends_of_its_lines(tmp_path: Path) -> None:
    words = "Chaource\n\n  and the other cheeses of that valley, one by one"
    app = make_app(only_answers(make_session(tmp_path), words))

    async def work() -> None:
        async with driving(app) as pilot:
            pane = app.query_one("#pane1 .growing")
            assert "valley" not in shown(app, "#pane1 .growing").split("\n")[2]
            await pilot.mouse_down(pane, offset=(3, 0))
            await pilot.hover(pane, offset=(7, 3))
            await pilot.mouse_up(pane, offset=(7, 3))
            await pilot.pause()
            assert app.screen.get_selected_text() == words[3 : words.index("one")]

    play(work())
