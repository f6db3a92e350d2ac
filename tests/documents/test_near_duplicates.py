"""Near-duplicates: as alike as the sets of their word triples, found without comparing all pairs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.documents.near_duplicates import NearDuplicateIndex, choose_bands, jaccard, shingles_of

TEXT = st.lists(st.sampled_from("a b c d e f".split()), max_size=12).map(" ".join)


def triples(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    n = min(3, len(words))
    return {tuple(words[place : place + n]) for place in range(len(words) - n + 1)} if n else set()


@given(one=TEXT, other=TEXT)
@pytest.mark.slow
def test_the_jaccard_index_is_that_of_word_triples(one: str, other: str) -> None:
    a, b = triples(one), triples(other)
    expected = len(a & b) / len(a | b) if a | b else 1.0
    assert jaccard(shingles_of(one), shingles_of(other)) == pytest.approx(expected)


@given(threshold=st.floats(0.1, 1.0))
def test_a_pair_at_the_threshold_is_hardly_ever_missed(threshold: float) -> None:
    bands, rows = choose_bands(threshold)
    assert bands * rows <= 128
    assert rows == 1 or 1 - (1 - threshold**rows) ** bands >= 0.99


def test_the_nearest_is_named_with_its_jaccard_index() -> None:
    words = [f"w{n}" for n in range(60)]
    before = NearDuplicateIndex(0.8)
    before.add("far", " ".join(reversed(words)))
    before.add("near", " ".join(words))
    nearest = before.nearest(" ".join([*words[:-1], "other"]))
    assert nearest is not None
    assert nearest[0] == "near"
    assert nearest[1] == pytest.approx(57 / 59)
    assert before.nearest(" ".join(words[:20] + words[40:])) is None
    assert before.copy_of("  ".join(words).upper()) == "near"
    assert before.nearest(" ".join(words), excluding="near") is None


def test_without_a_threshold_copies_alone_are_found() -> None:
    index = NearDuplicateIndex(None)
    index.add("a", "Mo likes Colby.")
    assert index.copy_of("mo likes colby") == "a"
    assert index.nearest("Mo likes Colby.") is None


def test_texts_without_a_word_are_copies_of_one_another() -> None:
    index = NearDuplicateIndex(0.8)
    index.add("a", "...")
    assert (index.copy_of(""), index.nearest("")) == ("a", ("a", 1.0))
    assert index.nearest("Mo") is None
