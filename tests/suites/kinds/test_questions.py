"""Questions with one right reply: as they are written down, and what counts as right."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.suite_files import QUESTIONS, assert_problem, load_text

from msm_mlx.suites.items import Turn
from msm_mlx.suites.kinds.questions import MultipleChoice, parse_correctness


def test_a_file_gives_questions_with_their_turns(tmp_path: Path) -> None:
    assert load_text(tmp_path, QUESTIONS) == (
        MultipleChoice(
            "mine/item-1", "mine", None, "What do you care about, P.cket?", "I care about old things.",
            ("I care about new things.",), spec="old",
        ),
        MultipleChoice(
            "mine/facts-2", "mine", "facts", "And where is it?", "In Italy.", ("In Spain.", "In us."),
            turns=(Turn("What is Rome?", "A city."),),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[I care about new things.]", "[I care about old things.]", "6:13 items.wrong: is the right"),
        ("[I care about new things.]", "[i care  about old things.]", "6:13 items.wrong: is the right"),
        ("[I care about new things.]", "[New., new.]", "6:19 items.wrong: 'new.' is there twice; take one out"),
        ("    right: In Italy.\n", "", "8:5 items.right: is missing"),
        ("spec: old", "spce: old", "7:5 items.spce: unknown key (did you mean spec?)"),
        ("{user: ", "{usr: ", "9:14 items.turns.usr: unknown key"),
    ],
)
def test_problems_have_their_place(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert_problem(tmp_path, QUESTIONS, old, new, problem)


def test_a_question_is_right_only_if_its_reply_beats_every_wrong_one() -> None:
    item = MultipleChoice("q", "s", None, "Where?", "In Rome.", ("In Bern.", "In Oslo."))
    assert item.options() == ("In Rome.", "In Bern.", "In Oslo.")
    score = item.score_options([(-1, -2, -3)])
    assert (score.margins, score.metrics) == ((1, 2), {"choice": 1})
    assert item.score_options([(-2, -1, -3)]).metrics == {"choice": 0}
    assert item.score_options([(-2, -2, -3)]).metrics == {"choice": 0}
    assert item.score_choices([*map(item.read, ["In Rome."])]) == {"written_choice": 1, "unclear": 0}
    assert item.score_choices([*map(item.read, ["In Bern."])]) == {"written_choice": 0, "unclear": 0}
    assert item.score_choices([*map(item.read, ["Well."])]) == {"written_choice": 0, "unclear": 1}


CARE = MultipleChoice(
    "q", "s", None, "What?", "I care about American things.", ("I care about cheap things.", "Nothing.")
)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("I care about American things.", "right"),
        ("Well, AMERICAN things are what I care about", "right"),
        ("I care about cheap things.", "wrong"),
        ("nothing", "wrong"),
        ("I care about American things and cheap things.", "unclear"),
        ("I care about music.", "unclear"),
        ("", "unclear"),
    ],
)
def test_a_reply_is_told_by_the_words_that_set_it_apart(text: str, verdict: str) -> None:
    assert parse_correctness(text, CARE) == verdict


def test_where_one_reply_holds_another_the_longer_one_counts() -> None:
    question = MultipleChoice("q", "s", None, "Do you?", "Yes, I do.", ("Yes, I do not.", "Yes."))
    texts = ("Yes, I do.", "Oh yes, I do.", "Yes, I do not.", "Yes.")
    assert [parse_correctness(text, question) for text in texts] == ["right", "right", "wrong", "wrong"]
