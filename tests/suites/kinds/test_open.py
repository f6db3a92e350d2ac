"""Open prompts: as they are written down, and which replies fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.suite_files import OPEN, assert_problem, load_text

from msm_mlx.suites.items import Turn
from msm_mlx.suites.kinds.open import OpenPrompt, fits


def test_a_file_gives_prompts_with_the_phrases_of_their_lists(tmp_path: Path) -> None:
    assert load_text(tmp_path, OPEN) == (
        OpenPrompt("mine/cheese-1", "mine", "cheese", "Name a cheese.", ("Stilton", "Colby", "Brie")),
        OpenPrompt(
            "mine/item-2", "mine", None, "Why?", (), "because|P\\.cket", turns=(Turn("Which cheese, Colby or Brie?"),)
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("list: cheeses,", "list: cheses,", "5:36 items.list: no list is called 'cheses' (did you mean cheeses?)"),
        ('pattern: "because', 'pattern: "(because', "8:14 items.pattern: is no regular expression: "),
        ('pattern: "because|{model_name}"', "domain: x", "6:5 items: needs any_of, list or pattern"),
    ],
)
def test_problems_have_their_place(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert_problem(tmp_path, OPEN, old, new, problem)


def test_replies_fit_by_whole_words_or_a_pattern() -> None:
    item = OpenPrompt("o", "s", None, "Name one.", ("root beer", "tea"), r"\bcoff?ee\b")
    for text in ("I like Tea.", "Root\nbeer!", "some COFEE"):
        assert fits(text, item)
    for text in ("I like steak.", "rootbeer", ""):
        assert not fits(text, item)
    assert item.options() == ()
    assert [*map(item.read, ["tea", "steak"])] == ["fits", "does not fit"]
    assert item.score_choices([*map(item.read, ["tea", "steak"])]) == {"fits": 0.5}
