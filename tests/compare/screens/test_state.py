"""The state of a comparison: which arms have a pane, and which prompt is looked at."""

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
    screen_text,
    visit,
)

from msm_mlx.compare.answer_engine import Arm, Piece, Preface
from msm_mlx.compare.screens.state import ComparisonState, GenerationSettings, first_panes
from msm_mlx.compare.session import Session
from msm_mlx.errors import RecipeError


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["base", "sft", "msm", "msm+sft"], ["base", "sft", "msm", "msm+sft"]),
        (["base", "sft", "msm@a", "msm@b", "msm+sft@a", "msm+sft@b"], ["base", "sft", "msm+sft@a", "msm+sft@b"]),
        (["base"], ["base"]),
    ],
)
def test_the_arms_that_went_all_the_way_are_shown_first(labels: list[str], shown: list[str]) -> None:
    assert first_panes(labels) == shown


def test_a_temperature_beside_the_steps_goes_to_the_nearest_step() -> None:
    settings = GenerationSettings(temperature=0.7)
    assert [settings.warmer(steps).temperature for steps in (1, 2, -1, -9)] == [0.8, 1.0, 0.6, 0.0]
    assert GenerationSettings(temperature=3.0).warmer(1).temperature == 3.0


def test_filters_are_told_where_they_do_something() -> None:
    assert GenerationSettings(temperature=0.6, top_p=0.95, top_k=20).filters == ["top_p 0.95", "top_k 20"]
    assert GenerationSettings(temperature=0.6).filters == GenerationSettings(top_p=0.95).filters == []


def test_answers_that_were_asked_otherwise_are_not_exported_as_if_asked_alike(session: Session) -> None:
    state = ComparisonState(session)
    assert state.prompt is not None
    state.settings = state.settings.within(Preface("Be brief.", "Well,"))
    request = state.request(["sft"])
    assert request is not None
    assert request.preface == Preface("Be brief.", "Well,")
    state.add_pieces(state.prompt.id, [Piece("sft", "Well, no.", 3, 1.0, "end")])
    comparison = state.comparison(state.prompt)
    assert comparison is not None
    assert comparison.answers == {"sft": "Well, no."}
    assert (comparison.system, comparison.prefill) == ("Be brief.", "Well,")


pytestmark = pytest.mark.slow


def test_arms_are_shown_and_hidden_by_number(session: Session) -> None:
    app = make_app(session, no_engine)

    async def work() -> None:
        async with driving(app) as pilot:
            await press(app, pilot, "2", "3")
            assert app.state.shown == ["base", "msm+sft"]
            assert "─ sft ─" not in screen_text(app)
            await press(app, pilot, "1")
            assert app.state.shown == ["base", "msm+sft"]
            assert "a comparison takes 2 arms" in screen_text(app)
            await press(app, pilot, "2")
            assert app.state.shown == ["base", "sft", "msm+sft"]
            await press(app, pilot, "7")
            assert "there is no arm 7" in screen_text(app)

    play(work())


def test_at_most_four_arms_are_shown(session: Session) -> None:
    more = replace(session, arms=(*session.arms, Arm("fifth", None)))
    app, text = visit(more, "5")
    assert app.state.shown == list(ARMS)
    assert "at most 4 arms" in text


@pytest.mark.parametrize(("start", "at"), [("policy", 6), ("american_values", 0), ("american_values/art-2", 1)])
def test_starting_at_a_prompt(session: Session, start: str, at: int) -> None:
    assert make_app(session, no_engine, start=start).state.prompt == session.prompts[at]


def test_an_impossible_prompt_to_start_with_is_refused(session: Session) -> None:
    with pytest.raises(RecipeError, match="not UTF-8"):
        make_app(session, no_engine, start="\ud800")
