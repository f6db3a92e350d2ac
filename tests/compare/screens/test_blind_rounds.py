"""Blind mode: two answers without names, a vote, then the names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers.app_screens import ARMS, driving, make_app, play, press, screen_text, shown
from helpers.hostile_text import squeeze

from msm_mlx.compare.answer_engine import ScriptedEngine
from msm_mlx.compare.app import CompareApp
from msm_mlx.compare.session import Session
from msm_mlx.compare.votes import Vote, read_votes
from msm_mlx.runs.layout import VOTES

pytestmark = pytest.mark.slow


def votes(session: Session) -> tuple[Vote, ...]:
    return read_votes(session.folders[0] / VOTES)


def visit(session: Session, *keys: str, then: Callable[[CompareApp, str], None]) -> None:
    """Press keys, and look at the app and its screen."""
    app = make_app(session)

    async def work() -> None:
        async with driving(app) as pilot:
            await press(app, pilot, *keys)
            then(app, screen_text(app))

    play(work())


def test_names_scores_and_speeds_are_hidden_until_the_vote(session: Session) -> None:
    def hidden(app: CompareApp, text: str) -> None:
        assert all(f" {label} " not in line for label in ARMS for line in text.split("\n") if "─" in line)
        assert "━ A ━" in text
        assert "─ B ─" in text
        assert "3.50" not in text
        assert "tok/s" not in text

    visit(session, "b", then=hidden)
    visit(session, "g", "b", then=hidden)


@pytest.mark.parametrize(("key", "choice"), [("a", "a"), ("b", "b"), ("t", "tie"), ("x", "both bad")])
def test_a_vote_is_written_and_names_are_told(session: Session, key: str, choice: str) -> None:
    def told(app: CompareApp, text: str) -> None:
        [vote] = votes(session)
        assert f"A is {vote.left}" in text
        assert f"B is {vote.right}" in text
        assert ("your choice" in text) == (choice in "ab")
        assert (vote.prompt, vote.choice, vote.seed) == (session.prompts[0].text, choice, 0)
        assert vote.left != vote.right
        assert {vote.left, vote.right} <= set(ARMS)

    visit(session, "b", key, then=told)


def test_there_is_one_vote_a_round(session: Session) -> None:
    visit(session, "b", "a", "b", "x", "t", "n", "p", "a", then=lambda app, text: None)
    assert len(votes(session)) == 1


def test_the_answers_on_the_sides_are_those_of_the_arms_voted_for(session: Session) -> None:
    """What a vote says about an arm holds for the text that stood there."""
    app = make_app(session)
    app.state.shown = ["sft", "msm"]  # these two never agree
    lefts = []

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("b")
            for prompt in session.prompts:
                left = squeeze(shown(app, "#pane1 .growing"))
                await press(app, pilot, "a")
                lefts.append(votes(session)[-1].left)
                assert left == squeeze(str(session.stored[prompt.id, lefts[-1]].text))
                await press(app, pilot, "n")

    play(work())
    assert {"sft", "msm"} == set(lefts)  # sides are shuffled


def test_new_answers_are_a_new_round(session: Session) -> None:
    def again(app: CompareApp, text: str) -> None:
        assert "A is" not in text
        assert shown(app, "Panes").count("ended") == 2

    visit(session, "b", "a", "r", then=again)


def test_the_seed_of_live_answers_is_written_down(session: Session) -> None:
    visit(session, "S", *"Hey", "enter", "b", "r", "r", "t", then=lambda app, text: None)
    [vote] = votes(session)
    assert vote.seed == 2
    assert vote.settings == {"temperature": 0.0, "max_tokens": 200, "system": "Hey"}


def test_there_is_no_vote_while_answers_are_written(session: Session) -> None:
    app = make_app(session, lambda: ScriptedEngine(lambda prompt, label: "word " * 10_000))

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.press("b", "]", "]", "]", "]", "g", "a")
            if app.feed.busy:
                assert votes(session) == ()

    play(work())


def test_nothing_that_tells_names_works_before_the_vote(session: Session) -> None:
    def nothing(app: CompareApp, text: str) -> None:
        assert not (session.folders[0] / "exports").exists()
        assert app.clipboard == ""
        assert app.state.shown == list(ARMS)

    visit(session, "b", "e", "E", "c", "1", then=nothing)
    visit(session, "b", "a", "e", then=lambda app, text: None)
    assert (session.folders[0] / "exports" / "comparison-1.md").is_file()


def test_leaving_blind_mode_shows_what_the_votes_say(session: Session) -> None:
    def summary(app: CompareApp, text: str) -> None:
        assert "votes: 3, of which ties: 1" in text
        assert "left side preferred: 0.50 [" in text
        assert "both bad: 0.00 [" in text
        assert app.blind is None

    visit(session, "b", "a", "n", "b", "n", "t", "escape", then=summary)


def test_votes_of_earlier_sessions_count(session: Session) -> None:
    visit(session, "b", "a", then=lambda app, text: None)

    def both(app: CompareApp, text: str) -> None:
        assert "votes: 2" in text

    visit(session, "b", "a", "v", then=both)


def test_without_votes_the_summary_says_how_to_begin(session: Session) -> None:
    def how(app: CompareApp, text: str) -> None:
        assert "No votes yet" in text

    visit(session, "v", then=how)


def test_damaged_votes_are_told(session: Session) -> None:
    (session.folders[0] / VOTES).parent.mkdir(parents=True, exist_ok=True)
    (session.folders[0] / VOTES).write_text("{}\n", encoding="utf-8")

    def told(app: CompareApp, text: str) -> None:
        assert "That did not work" in text

    visit(session, "v", then=told)


def test_a_vote_that_cannot_be_written_is_told_and_not_counted(session: Session) -> None:
    (session.folders[0] / VOTES).mkdir()

    def told(app: CompareApp, text: str) -> None:
        assert "That did not work" in text
        assert "A is" not in text

    visit(session, "b", "a", then=told)
