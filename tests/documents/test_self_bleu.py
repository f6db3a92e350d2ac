"""How much of each text is in the others."""

from __future__ import annotations

import math

import pytest

from msm_mlx.documents.self_bleu import self_bleu


def test_self_bleu_is_one_for_copies_and_nothing_for_strangers() -> None:
    assert self_bleu(["a b c d e"] * 3) == pytest.approx(1.0)
    assert self_bleu(["a b c d e", "f g h i j"]) == 0.0
    assert self_bleu(["a b"]) is None


def test_an_n_gram_counts_as_often_as_the_text_that_has_it_most() -> None:
    # the longer text has "a b c d" twice, the shorter once: of nine words four count, of eight pairs three, and so on
    longer, shorter = "a b c d a b c d e".split(), "a b c d f".split()
    forward = (4 / 9 * 3 / 8 * 2 / 7 * 1 / 6) ** 0.25
    # the shorter one is penalised for its brevity: exp(1 - 9 / 5)
    back = (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25 * math.exp(1 - 9 / 5)
    assert self_bleu([" ".join(longer), " ".join(shorter)]) == pytest.approx((forward + back) / 2)
