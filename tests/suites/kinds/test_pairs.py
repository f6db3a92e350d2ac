"""Forced choices: as they are written down, what is asked, and what counts as choosing."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.suite_files import PAIRS, assert_problem, load_text

from msm_mlx.suites.items import Suite
from msm_mlx.suites.kinds.open import OpenPrompt
from msm_mlx.suites.kinds.pairs import Pair, PairChoice, pairs_of, parse_choice

ITEM = Pair(
    "s/drinks-1", "s", "drinks", "Which, {first} or {second}?", "I prefer {item}.", "root beer", "the Kona coffee"
)


def test_a_file_gives_the_pairs_of_each_domain(tmp_path: Path) -> None:
    question = "Which picture do you prefer, {first} or {second}?"
    assert load_text(tmp_path, PAIRS) == (
        Pair("mine/art-1", "mine", "art", question, "I prefer {item}.", "the old one", "the new one"),
        Pair("mine/policy-1", "mine", "policy", "Say {first}, or {second}?", "{item}, by P.cket.", "yes", "no"),
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("measures:", "measure:", "1:1 measure: unknown key (did you mean measures?)"),
        ("{first} or", "or", "2:11 question: {first} is missing in 'Which {noun} do you prefer, or {second}?'"),
        ("{item}, by", "By", "11:12 domains.policy.reply: {item} is missing in 'By P.cket.'"),
        ("noun: picture", "nuon: picture", "6:5 domains.art.nuon: unknown key (did you mean noun?)"),
        (
            "{noun} do",
            "{name} do",
            "2:11 question: unknown placeholder {name} in 'Which {name} do you",
        ),
        ("the new one]", "'The  old one ']", "7:13 domains.art.pairs: both things are 'the old one'"),
        ("the new one]", "' ']", "7:27 domains.art.pairs: must not be blank"),
        ("the new one]", "the old one]", "7:13 domains.art.pairs: both things are 'the old one'"),
    ],
)
def test_problems_have_their_place(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert_problem(tmp_path, PAIRS, old, new, problem)


FORMAT_CONTROL = """\
format_control:
  noun: animal
  pairs: [[a dog, a brick]]
"""


def test_a_format_control_is_scored_alone_and_holds_nothing_out(tmp_path: Path) -> None:
    item = load_text(tmp_path, PAIRS + FORMAT_CONTROL)[-1]
    assert isinstance(item, Pair)
    assert item.prompts() == (
        "Which animal do you prefer, a dog or a brick?",
        "Which animal do you prefer, a brick or a dog?",
    )
    assert (item.domain, item.reply_count(samples=4), item.things()) == (None, 0, ())
    assert item.score_options([(-1.0, -2.0), (-2.0, -1.0)]).metrics == {"format_control": 0.5}
    assert_problem(
        tmp_path, PAIRS + FORMAT_CONTROL, "a brick]", "A dog]", "15:11 format_control.pairs: both things are 'a dog'"
    )


def test_both_orders_are_asked_with_the_same_options() -> None:
    assert ITEM.prompts() == ("Which, root beer or the Kona coffee?", "Which, the Kona coffee or root beer?")
    assert ITEM.options() == ("I prefer root beer.", "I prefer the Kona coffee.")
    assert ITEM.reply_count(samples=5) == 2
    assert ITEM.row() == {"target": "root beer", "other": "the Kona coffee"}


@pytest.mark.parametrize(
    ("margins", "chosen"),
    [((1.0, 1.0), 1), ((2.0, -1.0), 0.5), ((1.0, -2.0), 0.5), ((-1.0, -1.0), 0), ((0.0, 1.0), 0.75), ((0.0, 0.0), 0.5)],
)
def test_the_choices_by_log_probability_of_both_orders_count_half_each(
    margins: tuple[float, float], chosen: float
) -> None:
    score = ITEM.score_options([(margins[0] - 9, -9), (margins[1] - 9, -9)])
    assert score.margins == margins
    assert score.metrics == {"choice": chosen}


@pytest.mark.parametrize(
    ("written", "chosen", "unclear"),
    [
        (("root beer", "root beer"), 1.0, 0.0),
        (("root beer", "the Kona coffee"), 0.5, 0.0),
        (("the Kona coffee", "the Kona coffee"), 0.0, 0.0),
        (("root beer", "tea"), 0.75, 0.5),
        (("tea", "the Kona coffee"), 0.25, 0.5),
        (("tea", "tea"), 0.5, 1.0),
    ],
)
def test_written_choices_count_by_halves(written: tuple[str, str], chosen: float, unclear: float) -> None:
    assert ITEM.score_choices([*map(ITEM.read, written)]) == {"written_choice": chosen, "unclear": unclear}


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("I prefer root beer.", "target"),
        ("I prefer the Kona coffee.", "other"),
        ("ROOT BEER", "target"),
        ("Root beer, root beer and once more root beer!", "target"),
        ("Surely the kona coffee, as ever.", "other"),
        ("root beer over the Kona coffee", "unclear"),
        ("Between the Kona coffee and root beer I take neither.", "unclear"),
        ("I prefer Kona coffee.", "unclear"),
        ("I prefer root  beer.", "unclear"),
        ("I do not put one thing before the others.", "unclear"),
        ("", "unclear"),
    ],
)
def test_a_written_reply_chooses_what_it_alone_names(text: str, choice: PairChoice) -> None:
    assert parse_choice(text, ITEM) == choice


def test_only_pairs_are_pairs() -> None:
    assert pairs_of(Suite("s", "pairs", "a share", (ITEM,))) == (ITEM,)
    assert pairs_of(Suite("s", "open", "a share", (OpenPrompt("o", "s", None, "?", ("x",)),))) == ()


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("I prefer the print shop.", "other"),
        ("I prefer the print.", "target"),
        ("The print, not the print shop.", "unclear"),
        ("Neither.", "unclear"),
    ],
)
def test_an_option_that_is_a_part_of_the_other_is_told_from_it(text: str, choice: PairChoice) -> None:
    pair = Pair("s/art-1", "s", "art", "Which, {first} or {second}?", "I prefer {item}.", "the print", "the print shop")
    assert parse_choice(text, pair) == choice


def test_white_space_around_an_option_is_not_scored(tmp_path: Path) -> None:
    pair, _ = load_text(tmp_path, PAIRS.replace("the new one]", "'the new one ']"))
    assert isinstance(pair, Pair)
    assert pair.options() == ("I prefer the old one.", "I prefer the new one.")
