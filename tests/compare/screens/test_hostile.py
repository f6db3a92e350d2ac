"""Strings that a terminal could take for commands, on every surface of the app."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.app_screens import ARMS, cells, driving, make_app, make_session, play, press, screen_text, settled, shown
from helpers.hostile_text import HOSTILE, commands_in, squeeze
from helpers.planted_runs import bare_run
from rich.cells import cell_len
from textual.widgets import OptionList

from msm_mlx.compare.answer_engine import ScriptedEngine
from msm_mlx.compare.app import CompareApp
from msm_mlx.compare.screens.document_browser import DocumentBrowser, DocumentList, ListedDocument
from msm_mlx.compare.session import Prompt, Session, StoredAnswer
from msm_mlx.text.terminal import literal

pytestmark = pytest.mark.slow

BIG = (109, 80)  # the longest strings fit a pane

FOURS = [HOSTILE[i : i + 4] for i in range(0, len(HOSTILE), 4)]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """No prompts but those that a test adds."""
    return replace(make_session(tmp_path), prompts=(), stored={})


def ask(session: Session, texts: list[str]) -> Session:
    return replace(session, prompts=tuple(Prompt(f"p{i}", text, None, None, None) for i, text in enumerate(texts)))


def filled(text: str) -> str:
    """The characters that fill cells, spaces apart. Marks that stand on other characters fill none."""
    return "".join(c for c in squeeze(text) if cell_len(c))


def escaped(text: str) -> str:
    """What the cells are to hold of a text."""
    return filled(literal(text).plain)


def unclean(app: CompareApp) -> set[str]:
    """The characters of the screen that are no text, the ends of its rows apart."""
    return commands_in(screen_text(app))


async def becomes(look: Callable[[], str], expected: str) -> None:
    """Wait until what is looked at is what it should be."""
    deadline = time.monotonic() + 30
    while filled(look()) != expected and time.monotonic() < deadline:
        await asyncio.sleep(0.02)  # drawing takes longer than what is waited for
    assert filled(look()) == expected


def test_answers_show_as_the_text_that_they_are(session: Session) -> None:
    session = ask(session, [f"prompt {i}" for i in range(len(FOURS))])
    answers = [dict(zip(ARMS, four, strict=True)) for four in FOURS]
    stored = {(f"p{i}", arm): StoredAnswer(text, None) for i, by in enumerate(answers) for arm, text in by.items()}
    app = make_app(replace(session, stored=stored))

    async def work() -> None:
        async with driving(app, BIG):
            for i, four in enumerate(FOURS):
                app.turn_to(f"p{i}")
                for number, text in enumerate(four, start=1):
                    pane = app.query_one(f"#pane{number} .growing")
                    await becomes(lambda pane=pane: cells(app, pane), escaped(text) if text else "(empty)")  # type: ignore[misc]
                assert not unclean(app)

    play(work())


def test_rendered_answers_hold_no_commands(session: Session) -> None:
    session = ask(session, [f"prompt {i}" for i in range(len(FOURS))])
    stored = {
        (f"p{i}", arm): StoredAnswer(t, None) for i, four in enumerate(FOURS) for arm, t in zip(ARMS, four, strict=True)
    }
    app = make_app(replace(session, stored=stored))
    app.rendered = True

    async def work() -> None:
        async with driving(app, BIG) as pilot:
            for i in range(len(FOURS)):
                app.turn_to(f"p{i}")
                await asyncio.sleep(0.02)
                assert not unclean(app)
            await pilot.pause()
            assert not unclean(app)

    play(work())


def test_prompts_show_as_the_text_that_they_are(session: Session) -> None:
    texts = ["\n".join(four) for four in FOURS]
    app = make_app(ask(session, texts))

    async def work() -> None:
        async with driving(app, (109, 120)):
            app.query_one("#prompt").styles.min_height = 100
            prompt = app.query_one("#prompt Static")
            for i, text in enumerate(texts):
                app.turn_to(f"p{i}")
                await becomes(lambda: cells(app, prompt), escaped(text))
                assert not unclean(app)

    play(work())


def test_documents_show_as_the_text_that_they_are(session: Session) -> None:
    app = make_app(session)
    documents = tuple(ListedDocument(a[:20], b[:20], c[:20], "\n".join((a, b, c, d))) for a, b, c, d in FOURS)

    async def work() -> None:
        async with driving(app, (109, 120)) as pilot:
            app.push_screen(DocumentBrowser([DocumentList(("[b]\x1b[1m",), documents)], 0))
            await pilot.pause()
            listed, text = app.screen.query_one(OptionList), app.screen.query_one("#documents VerticalScroll Static")
            for i, document in enumerate(documents):
                listed.highlighted = i
                head = f"{document.id} · {document.kind} · {document.section}"
                await becomes(lambda: cells(app, text), escaped(f"{head}\n\n{document.text}"))
                assert not unclean(app)

    play(work())


@pytest.mark.parametrize("key", ["d", "m"])
def test_live_answers_in_any_view_hold_no_commands(session: Session, key: str) -> None:
    texts = dict(
        zip(ARMS, (HOSTILE[0] + HOSTILE[41], HOSTILE[5] + HOSTILE[150], HOSTILE[70], "\x1b[2J[bold]"), strict=True)
    )
    app = make_app(ask(session, ["\x1b[31mhow?"]), lambda: ScriptedEngine(lambda prompt, label: texts[label]))

    async def work() -> None:
        async with driving(app) as pilot:
            await press(app, pilot, key, "g")
            await settled(app, pilot)
            assert not unclean(app)
            assert "u001b[2J[bold]" in squeeze(shown(app, "#pane4"))

    play(work())


def test_hostile_labels_and_names_hold_no_commands(session: Session) -> None:
    label = "\x1b[31m[b]evil\u202e"
    arms = (session.arms[0], replace(session.arms[1], label=label))
    runs = (bare_run(session.folders[0], label, model_name=label),)
    session = replace(session, runs=runs, arms=arms, documents={label: session.documents["msm"]})
    app = make_app(ask(session, ["hello"]))

    async def work() -> None:
        async with driving(app, (120, 40)) as pilot:
            for keys in ("g", "d", "D", "escape", "s", "escape", "w", "escape", "b", "a", "v", "escape", "slash"):
                await press(app, pilot, keys)
                assert not unclean(app), keys

    play(work())
