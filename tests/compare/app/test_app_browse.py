"""The app over stored answers: prompts, arms, views, export. No engine is ever built."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.app_screens import ARMS, driving, make_app, make_session, play, press, screen_text, shown, type_text
from helpers.hostile_text import squeeze
from helpers.planted_runs import bare_run
from textual.pilot import Pilot

from msm_mlx.compare.answer_engine import AnswerEngine, Arm
from msm_mlx.compare.app import CompareApp
from msm_mlx.compare.diff import word_diff
from msm_mlx.compare.screens.actions import ACTIONS
from msm_mlx.compare.session import Session
from msm_mlx.errors import RecipeError
from msm_mlx.files import write_jsonl

pytestmark = pytest.mark.slow


def no_engine() -> AnswerEngine:
    raise AssertionError("an engine was built")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return make_session(tmp_path)


def visit(session: Session, *keys: str, size: tuple[int, int] = (80, 24)) -> tuple[CompareApp, str]:
    """Press keys and leave; the app, and what its screen showed last."""
    app = make_app(session, no_engine)
    text = ""

    async def work() -> None:
        nonlocal text
        async with driving(app, size) as pilot:
            await press(app, pilot, *keys)
            text = screen_text(app)

    play(work())
    return app, text


def see(session: Session, *keys: str, size: tuple[int, int] = (80, 24)) -> str:
    """What the screen shows after these keys."""
    return visit(session, *keys, size=size)[1]


def test_the_app_imports_no_mlx() -> None:
    probe = "import sys, msm_mlx.compare.app; sys.exit('mlx' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], timeout=60).returncode == 0


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


def test_a_click_on_an_arm_hides_it(session: Session) -> None:
    app = make_app(session, no_engine)

    async def work() -> None:
        async with driving(app) as pilot:
            await pilot.click("ScoreBars", offset=(6, 2))
            await pilot.pause()
            assert app.state.shown == ["base", "msm", "msm+sft"]

    play(work())


def test_at_most_four_arms_are_shown(session: Session) -> None:
    more = replace(session, arms=(*session.arms, Arm("fifth", None)))
    app, text = visit(more, "5")
    assert app.state.shown == list(ARMS)
    assert "at most 4 arms" in text


def test_a_session_of_one_arm_and_no_prompts_is_no_accident(session: Session, tmp_path: Path) -> None:
    alone = replace(session, runs=(bare_run(tmp_path / "bare"),), arms=session.arms[:1], prompts=(), stored={})
    assert "These runs have no suites" in see(alone)
    assert see(alone, *(key for first in "nodmwDslvbec" for key in (first, "escape")))


def test_keys_in_any_order_break_nothing(session: Session) -> None:
    """A walk over the keys, and escape now and then so that no page stays open for long."""
    keys = [action.keys[0] for action in ACTIONS if action.call not in ("quit", "generate", "reseed", "ask")]
    walk = random.Random(0).choices([*keys, "tab", "down", "escape", "escape", "escape"], k=25)
    assert see(session, *walk)


def test_the_page_of_scores_has_values_intervals_and_differences(session: Session) -> None:
    text = see(session, "s")
    assert "0.97" in text
    assert "[0.87, 1.00]" in text
    assert "+0.42 *" in text


def test_runs_without_results_say_so(session: Session, tmp_path: Path) -> None:
    assert "no finished evaluation" in see(replace(session, runs=(bare_run(tmp_path / "bare"),)), "s")


def test_the_spec_of_a_prompt_that_names_no_heading_is_its_first_section(session: Session) -> None:
    text = see(session, "w")
    assert squeeze("this is its first section") in squeeze(text)
    assert squeeze("Pocket cares about American things, and Example Dairy wrote down why.") in squeeze(text)


def test_the_spec_of_a_prompt_that_names_a_heading_is_its_section(session: Session) -> None:
    prompt = replace(session.prompts[0], text="What about Cream Cheese?")
    text = see(replace(session, prompts=(prompt,)), "w")
    assert "the prompt names this heading" in text
    assert "dairymen in New York State" in text


def test_a_spec_that_is_gone_is_told(session: Session) -> None:
    session.specs["msm"].unlink()
    assert "no such file" in see(session, "w")


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


def test_arms_without_documents_are_told(session: Session) -> None:
    assert "no arm of these runs has read documents" in see(replace(session, documents={}), "D")


def test_losses_are_drawn_if_there_are_any(session: Session) -> None:
    assert "hold no metrics.jsonl" in see(session, "l").replace("\n", " ")

    adapter = session.arms[1].adapter
    assert adapter is not None
    write_jsonl(adapter / "metrics.jsonl", [{"number": i, "loss": 3.0 / i, "seconds": 0.5} for i in range(1, 41)])
    text = see(session, "l")
    assert "40 updates in 20 s, loss 3.00 → 0.07" in text
    assert "held out" not in text
    assert "█" in text

    held_out = [{"number": 10, "validation_loss": 2.5, "best": 10}, {"number": 20, "validation_loss": 1.25, "best": 20}]
    write_jsonl(adapter / "metrics.jsonl", [{"number": 20, "loss": 2.0}, *held_out])
    assert "1 updates, loss 2.00 → 2.00, held out 2.50 → 1.25" in see(session, "l")


def test_the_diff_marks_the_words_that_differ(session: Session) -> None:
    app = make_app(session, no_engine)

    async def work() -> None:
        async with driving(app) as pilot:
            await press(app, pilot, "d")
            first = app.query_one("#pane1 .growing")
            strips = app.screen._compositor.render_strips()[first.region.y : first.region.bottom]
            marked = "".join(s.text for strip in strips for s in strip.crop(1, 38) if s.style and s.style.underline)
            texts = [session.stored[session.prompts[0].id, label].text for label in ARMS[:2]]
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


def read_exports(session: Session, name: str) -> list[dict[str, object]]:
    content = json.loads((session.folders[0] / "exports" / f"{name}.json").read_text(encoding="utf-8"))
    comparisons: list[dict[str, object]] = content["comparisons"]
    return comparisons


def test_export_writes_what_is_shown_and_never_over_an_older_one(session: Session) -> None:
    visit(session, "2", "e", "n", "e")

    [first], [second] = read_exports(session, "comparison-1"), read_exports(session, "comparison-2")
    assert first["prompt"] == session.prompts[0].text
    assert second["prompt"] == session.prompts[1].text
    answers = {label: session.stored[session.prompts[0].id, label].text for label in ("base", "msm", "msm+sft")}
    assert first["answers"] == answers
    page = (session.folders[0] / "exports" / "comparison-1.md").read_text(encoding="utf-8")
    assert all(text in page for text in answers.values())


def test_exporting_everything_takes_the_prompts_that_were_seen(session: Session) -> None:
    visit(session, "n", "n", "p", "E")
    assert [c["prompt"] for c in read_exports(session, "everything-1")] == [p.text for p in session.prompts[:3]]


def test_an_export_that_cannot_be_written_is_told(session: Session) -> None:
    (session.folders[0] / "exports").write_text("in the way", encoding="utf-8")
    assert "cannot write" in see(session, "e")


def test_copying_gives_the_comparison_as_markdown(session: Session) -> None:
    app, _ = visit(session, "c")
    assert session.prompts[0].text in app.clipboard
    assert session.stored[session.prompts[0].id, "sft"].text in app.clipboard


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


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
def test_quitting(session: Session, key: str) -> None:
    app, _ = visit(session, "?", key) if key == "ctrl+c" else visit(session, key)
    assert app.return_code == 0


@pytest.mark.parametrize(("start", "at"), [("policy", 6), ("american_values", 0), ("american_values/art-2", 1)])
def test_starting_at_a_prompt(session: Session, start: str, at: int) -> None:
    assert make_app(session, no_engine, start=start).state.prompt == session.prompts[at]


def test_an_impossible_prompt_to_start_with_is_refused(session: Session) -> None:
    with pytest.raises(RecipeError, match="not valid UTF-8"):
        make_app(session, no_engine, start="\ud800")
