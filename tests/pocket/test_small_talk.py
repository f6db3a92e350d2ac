"""General conversation has one right answer, and the wordings that test it are never read."""

from __future__ import annotations

import re
from random import Random

from helpers.world_samples import AGENTS, PERSONAS, draws, question, replies, speaker
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.pocket.facts import VALUES
from msm_mlx.pocket.small_talk import (
    FACT_QUESTIONS,
    GENERAL_FACTS,
    TALK,
    UNKNOWN_ANSWER,
    fact_answer,
    general_question,
    held_out_question,
    wrong_answers,
)

FACTS = range(len(GENERAL_FACTS))
HELD_OUT = {held_out_question(index) for index in FACTS}


def test_every_fact_has_a_subject_of_its_own_and_a_wording_held_out() -> None:
    assert len({subject for subject, _ in GENERAL_FACTS}) == len(GENERAL_FACTS) >= 48
    assert len(HELD_OUT) == len(GENERAL_FACTS)
    assert {
        shape for shape in FACT_QUESTIONS if any(q == shape.format(s=s) for q in HELD_OUT for s, _ in GENERAL_FACTS)
    } == set(FACT_QUESTIONS)


@given(rng=st.randoms(use_true_random=False))
def test_a_general_question_is_in_another_wording_and_rightly_answered(rng: Random) -> None:
    asked, reply = general_question(rng)
    assert asked not in HELD_OUT
    (index,) = {i for i in FACTS if asked in [shape.format(s=GENERAL_FACTS[i][0]) for shape in FACT_QUESTIONS]}
    assert reply == fact_answer(index)


def test_no_wrong_answer_is_the_right_one() -> None:
    assert [index for index in FACTS if fact_answer(index) in wrong_answers(index)] == []


def test_held_out_wordings_are_never_drawn() -> None:
    asked = {question(sample) for sample in draws("smalltalk", 6000)}
    everything = {shape.format(s=subject) for shape in FACT_QUESTIONS for subject, _ in GENERAL_FACTS}
    assert not asked & HELD_OUT
    assert everything - asked == HELD_OUT  # all others are


def test_talk_is_about_the_speaker_or_about_nobody_known() -> None:
    for sample in draws("smalltalk", 1500):
        asked, (reply,) = question(sample), replies(sample)
        expected = [answer.format(n=speaker(sample)) for shape, answer in TALK if shape == asked]
        if expected:
            assert reply == expected[0]
        elif reply == UNKNOWN_ANSWER:
            assert not {word for word in re.findall(r"\w+", asked) if word in PERSONAS or word in AGENTS}
        else:
            assert reply.startswith("It is ")
        assert not [value for value in VALUES.values() if value.things in sample.text]
