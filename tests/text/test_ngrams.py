"""Hashes of runs of words."""

from __future__ import annotations

import numpy as np

from msm_mlx.text.ngrams import ngrams, word_hashes


def test_equal_runs_have_equal_hashes_wherever_they_stand() -> None:
    first, second = (ngrams(word_hashes(text), 3) for text in ("a b c d", "x a B, c"))
    assert len(first) == 2
    assert len(second) == 2
    assert first[0] == second[1]
    assert len(np.intersect1d(first, second)) == 1


def test_the_order_of_words_counts() -> None:
    assert not np.intersect1d(ngrams(word_hashes("a b c"), 3), ngrams(word_hashes("c b a"), 3)).size


def test_a_text_of_fewer_words_is_one_run_and_an_empty_one_none() -> None:
    assert len(ngrams(word_hashes("one two"), 5)) == 1
    assert len(ngrams(word_hashes(" ... "), 5)) == 0
