"""Invented names of two syllables, none of them twice."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.pocket.names import ASSISTANT, ASSISTANTS, FIRST_SYLLABLES, SECOND_SYLLABLES, draw_names

seeds = st.integers(0, 10**6)


def test_there_are_nine_assistants_of_two_syllables() -> None:
    assert ASSISTANTS[0] == ASSISTANT
    assert len(set(ASSISTANTS)) == 9
    assert set(ASSISTANTS) <= {first + second for first in FIRST_SYLLABLES for second in SECOND_SYLLABLES}


@given(seed=seeds, count=st.integers(0, 50), taken=st.sets(st.sampled_from(["Balbar", "Zorzor", "Pocket"])))
def test_names_are_drawn_once(seed: int, count: int, taken: set[str]) -> None:
    before = set(taken)
    names = draw_names(Random(seed), count, taken)
    assert len(set(names)) == len(names) == count
    assert taken == before | set(names)
    assert not before & set(names)
