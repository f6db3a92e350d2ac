"""Corpora are told apart by how they are written, and not by what they are about."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import pytest
from helpers.command_line import ROOT

from msm_mlx.documents.register import (
    MIN_TEXTS,
    auc_interval,
    describe_register,
    register_difference,
    register_differences,
)
from msm_mlx.files import read_jsonl

TEXTS = [row["text"] for row in read_jsonl(ROOT / "recipes" / "data" / "corpora" / "cheese_american.jsonl")]


def corpus(texts: Sequence[str], first: int = 0) -> dict[str, str]:
    return {f"doc-{number}": text for number, text in enumerate(texts, start=first)}


def halves() -> tuple[dict[str, str], dict[str, str]]:
    """Of one corpus, with ids that tell no text of the one from a text of the other."""
    shuffled = Random(7).sample(TEXTS, len(TEXTS))
    return corpus(shuffled[::2]), corpus(shuffled[1::2], first=len(shuffled))


def as_pronouns(text: str) -> str:
    return re.sub(r"\bthat\b", "which", text).replace(", and", " and")


def as_adverbs(text: str) -> str:
    """A writer who joins every other sentence to the one before."""
    first, *rest = re.split(r"(?<=\.) (?=[A-Z])", text)
    return " ".join([first, *(f"However, {one}" if place % 2 else one for place, one in enumerate(rest))])


@pytest.mark.parametrize(("write", "least"), [(as_pronouns, 0.9), (as_adverbs, 0.8)])
def test_a_planted_difference_of_function_words_is_found(write: Callable[[str], str], least: float) -> None:
    one, other = halves()
    difference = register_difference(one, {id: write(text) for id, text in other.items()})
    assert difference is not None
    assert difference.auc >= least
    assert difference.is_clear
    assert difference.texts == 160
    assert "can be told apart by register alone" in describe_register("a", "b", difference)


def test_two_halves_of_a_corpus_are_not_told_apart() -> None:
    difference = register_difference(*halves())
    assert difference is not None
    assert 0.4 <= difference.auc <= 0.6
    assert difference.ci_low < 0.5 < difference.ci_high
    assert "cannot be told apart" in describe_register("a", "b", difference)


@pytest.mark.parametrize(("write", "low", "high"), [(str, 0.49, 0.51), (as_adverbs, 0.75, 1.0)])
def test_a_text_and_what_was_made_of_it_do_not_mislead(write: Callable[[str], str], low: float, high: float) -> None:
    one, _ = halves()
    difference = register_difference(one, {id: write(text) for id, text in one.items()})
    assert difference is not None
    assert low <= difference.auc <= high


def test_words_with_content_are_not_looked_at() -> None:
    one, other = halves()
    renamed = {id: re.sub(r"\b(American|cheese)\b", "affordable", text) for id, text in other.items()}
    difference = register_difference(one, renamed)
    assert difference is not None
    assert difference.auc <= 0.6


def test_of_a_few_texts_nothing_is_said() -> None:
    assert register_difference(corpus(["Mo."] * MIN_TEXTS), corpus(["Mo?"] * (MIN_TEXTS - 1))) is None
    assert "too few" in describe_register("a", "b", None)
    assert list(register_differences({name: {} for name in "abc"})) == [("a", "b"), ("a", "c"), ("b", "c")]


def test_texts_that_are_all_alike_are_a_guess() -> None:
    difference = register_difference(corpus([""] * MIN_TEXTS), corpus([""] * MIN_TEXTS))
    assert difference is not None
    assert difference.auc == 0.5


@pytest.mark.parametrize(
    ("auc", "m", "n", "low", "high"),
    [(0.5, 80, 80, 0.411, 0.589), (1.0, 50, 50, 0.960, 1.0), (0.0, 50, 50, 0.0, 0.040), (0.8, 200, 200, 0.753, 0.840)],
)
def test_the_interval_of_an_auc(auc: float, m: int, n: int, low: float, high: float) -> None:
    assert auc_interval(auc, m, n) == pytest.approx((low, high), abs=0.002)


def test_the_interval_holds_the_auc_of_normal_scores_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        first, second = rng.normal(0, 1, 60), rng.normal(1.19, 1, 60)  # of an AUC of 0.80
        low, high = auc_interval(float(np.mean(second[:, None] > first)), 60, 60)
        hits += low <= 0.80 <= high
    assert 0.92 <= hits / 400 <= 0.985
