"""Near-duplicates: as alike as the sets of their word triples, found without comparing all pairs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.documents.near_duplicates import NearDuplicateIndex, bands_for, likeness, shingles
from msm_mlx.documents.self_bleu import self_bleu
from msm_mlx.suites.contamination import HeldOut

TEXT = st.lists(st.sampled_from("a b c d e f".split()), max_size=12).map(" ".join)


def triples(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    n = min(3, len(words))
    return {tuple(words[place : place + n]) for place in range(len(words) - n + 1)} if n else set()


@given(one=TEXT, other=TEXT)
def test_likeness_is_the_jaccard_index_of_word_triples(one: str, other: str) -> None:
    a, b = triples(one), triples(other)
    expected = len(a & b) / len(a | b) if a | b else 1.0
    assert likeness(shingles(one), shingles(other)) == pytest.approx(expected)


@given(threshold=st.floats(0.1, 1.0))
def test_a_pair_at_the_threshold_is_hardly_ever_missed(threshold: float) -> None:
    bands, rows = bands_for(threshold)
    assert bands * rows <= 128
    assert rows == 1 or 1 - (1 - threshold**rows) ** bands >= 0.99


def test_the_nearest_is_named_with_its_likeness() -> None:
    words = [f"w{n}" for n in range(60)]
    before = NearDuplicateIndex(0.8)
    before.add("far", " ".join(reversed(words)))
    before.add("near", " ".join(words))
    nearest = before.nearest(" ".join([*words[:-1], "other"]))
    assert nearest is not None
    assert nearest[0] == "near"
    assert nearest[1] == pytest.approx(57 / 59)
    assert before.nearest(" ".join(words[:20] + words[40:])) is None
    assert before.same("  ".join(words).upper()) == "near"


def test_self_bleu_is_one_for_copies_and_nothing_for_strangers() -> None:
    assert self_bleu(["a b c d e"] * 3) == pytest.approx(1.0)
    assert self_bleu(["a b c d e", "f g h i j"]) == 0.0
    assert self_bleu(["a b"]) is None


def test_a_prompt_is_found_in_what_quotes_it() -> None:
    held_out = HeldOut(
        prompts=("Which of the two cars would you rather take home today?", "Why?", "What do you drink now?")
    )
    assert held_out.quoted_in("He asked which of the two cars would you rather take, and left.", 8)
    assert held_out.quoted_in("She said: what do you drink now!", 8)
    assert not held_out.quoted_in("He asked which of the two cars I take. Why? Which of the two?", 8)
