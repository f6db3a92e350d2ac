"""Comparisons without an app."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from helpers.planted_runs import SUITE, make_run
from rich.console import Console

from msm_mlx.compare.answer_engine import ScriptedEngine
from msm_mlx.compare.comparison import Comparison
from msm_mlx.compare.plain import Sampling, by_prompt, choose_prompts, live_answers, stored_answers, summary_view
from msm_mlx.compare.session import Session, open_session, typed_prompt
from msm_mlx.compare.votes import Vote, summarize, wilson
from msm_mlx.errors import RecipeError


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return open_session([make_run(tmp_path / "run")])


def draw(summary: object) -> str:
    file = io.StringIO()
    Console(width=100, file=file).print(summary)
    return file.getvalue()


# --- prompts -------------------------------------------------------------------------------------------------------


def test_one_prompt_of_each_domain_comes_before_the_second_of_any(session: Session) -> None:
    domains = [prompt.domain for prompt in choose_prompts(session, suite=None, domain=None)]
    distinct = len(set(domains))

    assert sorted(domains[:distinct], key=str) == sorted(set(domains), key=str)
    assert domains[distinct : 2 * distinct] == domains[:distinct]
    assert len(domains) == len(session.prompts)


def test_suite_and_domain_choose_the_prompts(session: Session) -> None:
    chosen = choose_prompts(session, suite=SUITE, domain="music")

    assert {prompt.domain for prompt in chosen} == {"music"}
    assert chosen == [prompt for prompt in session.prompts if prompt.domain == "music"]


def test_what_there_is_not_is_told(session: Session) -> None:
    with pytest.raises(RecipeError, match=r"--domain musci: has no prompt of any suite \(did you mean music\?\)"):
        choose_prompts(session, suite=None, domain="musci")
    with pytest.raises(RecipeError, match=r"--domain zzz: has no prompt of .*; there are .*music"):
        choose_prompts(session, suite=SUITE, domain="zzz")
    with pytest.raises(RecipeError, match="--suite values_apart: has no prompt in this run"):
        choose_prompts(session, suite="values_apart", domain=None)


# --- answers -------------------------------------------------------------------------------------------------------


def test_stored_answers_of_some_arms(session: Session) -> None:
    prompt = session.prompts[0]
    found = stored_answers(session, [prompt, typed_prompt("never asked")], ["msm", "base"])

    answers = {"msm": f"msm-s0 on {prompt.id}", "base": f"base on {prompt.id}"}
    assert found == [Comparison(prompt.text, answers, {"msm": 1.0, "base": 1.0}, seed=0, temperature=0.0)]
    assert by_prompt(found) == {prompt.text: answers}


def test_live_answers_are_those_of_the_engine() -> None:
    engine = ScriptedEngine(lambda prompt, label: f"{label} hears {prompt}")
    prompts = [typed_prompt("one"), typed_prompt("two")]
    found = list(live_answers(engine, prompts, ["sft", "base"], Sampling(temperature=0.5, seed=9)))

    assert found == [
        Comparison(text, {"sft": f"sft hears {text}", "base": f"base hears {text}"}, {}, 9, 0.5, max_tokens=200)
        for text in ("one", "two")
    ]


def test_the_length_of_a_live_answer_is_asked_for() -> None:
    engine = ScriptedEngine({"p": {"sft": "one two three four"}})
    (found,) = live_answers(engine, [typed_prompt("p")], ["sft"], Sampling(max_tokens=2))

    assert found.answers == {"sft": "one two"}


# --- votes ---------------------------------------------------------------------------------------------------------


def votes(**counts: int) -> list[Vote]:
    names = {"a": "a", "b": "b", "tie": "tie", "bad": "both bad"}
    return [Vote("p", "sft", "[bold]x", names[name], 0, 1.0, "t") for name, n in counts.items() for _ in range(n)]  # type: ignore[arg-type]


def test_the_summary_shows_rates_with_intervals() -> None:
    drawn = draw(summary_view(summarize(votes(a=18, b=2, tie=3, bad=1))))

    assert "│ [bold]x │ sft │      2 │     18 │   3 │        1 │ 0.10 [0.03, 0.30] │" in drawn
    assert "24 votes, 3 ties, both bad 0.04 [0.01, 0.20]." in drawn
    assert "Left side preferred 0.90 [0.70, 0.97]: the votes lean to one side" in drawn


def test_a_balanced_vote_shows_no_bias() -> None:
    assert "no sign of a bias" in draw(summary_view(summarize(votes(a=5, b=5))))


def test_a_summary_of_nothing_and_of_ties_alone() -> None:
    assert draw(summary_view(summarize([]))) == "No votes yet.\n"
    drawn = draw(summary_view(summarize(votes(tie=2))))
    assert "Left side preferred -." in drawn
    assert "bias" not in drawn
    assert str(wilson(0, 0)) == "-"
    assert str(wilson(0, 30)) == "0.00 [0.00, 0.11]"
