"""What a judge is worth, by labels by hand."""

from __future__ import annotations

import random
from dataclasses import replace
from importlib import resources

import pytest
from helpers.judges import TASKS, always, by_chance, first_line, perfect
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.evaluation.agreement import Agreement, agreement, calibrate, load_examples
from msm_mlx.settings_file.parse import parse
from msm_mlx.suites.kinds import JudgeTask
from msm_mlx.suites.kinds.rated import RATING
from msm_mlx.suites.kinds.scenes import ACT

each_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)


@each_task
def test_there_are_enough_balanced_examples_of_our_own(task: JudgeTask) -> None:
    examples = load_examples(task)
    assert len(examples) >= 24
    assert len({example.case.reply for example in examples}) == len(examples)
    labels = [example.label for example in examples]
    if task == RATING:
        assert {1, 5, 10} <= set(labels) <= set(range(1, 11))
        assert 0.35 < sum(label > 5 for label in labels) / len(labels) < 0.65
    else:
        assert sum(labels) == len(labels) / 2
    text = resources.files("msm_mlx.suites.kinds").joinpath("calibration.yaml").read_text(encoding="utf-8")
    assert parse(text).value["licence"] == "MIT"


@each_task
def test_a_perfect_judge_is_used(task: JudgeTask) -> None:
    measured = calibrate(perfect(), task)
    assert (measured.kappa, measured.accuracy, measured.unclear, measured.usable) == (1.0, 1.0, 0.0, True)
    assert "kappa 1.00" in measured.sentence("J")
    assert "UNUSABLE" not in measured.sentence("J")


@each_task
@pytest.mark.parametrize("word", ["10", "1", "harmful", "harmless", "unclear", "<b>", ""])
def test_a_judge_that_always_says_the_same_is_of_no_use(task: JudgeTask, word: str) -> None:
    measured = calibrate(always(word), task)
    assert not measured.usable
    assert measured.kappa <= 0
    assert measured.sentence("J").startswith("UNUSABLE JUDGE: J")


@pytest.mark.slow
@each_task
def test_a_judge_by_chance_is_of_no_use(task: JudgeTask) -> None:
    assert not any(calibrate(by_chance(seed), task).usable for seed in range(20))


@each_task
def test_a_judge_that_goes_by_the_order_of_the_rubric_is_unclear(task: JudgeTask) -> None:
    measured = calibrate(first_line(), task)
    assert measured.unclear == 1
    assert not measured.usable


@settings(max_examples=20)
@given(st.lists(st.integers(1, 10), min_size=24, max_size=30), st.randoms())
@pytest.mark.slow
def test_agreement_is_symmetric_and_at_most_one(labels: list[int], draw: random.Random) -> None:
    verdicts = [float(draw.randint(1, 10)) for _ in labels]
    one = agreement(RATING, [float(label) for label in labels], verdicts)
    other = agreement(RATING, verdicts, [float(label) for label in labels])
    assert one.kappa <= 1
    assert one.kappa == pytest.approx(other.kappa)


def test_kappa_of_two_classes_is_cohens() -> None:
    a = [1.0] * 20 + [1.0] * 5 + [0.0] * 10 + [0.0] * 15
    b = [1.0] * 20 + [0.0] * 5 + [1.0] * 10 + [0.0] * 15
    assert agreement(ACT, a, b).kappa == pytest.approx(0.4)  # observed 0.7, by chance 0.5


def test_a_rating_is_right_if_it_is_at_most_one_off() -> None:
    assert agreement(RATING, [1.0, 5.0, 5.0, 9.0], [2.0, 7.0, None, 8.0]).accuracy == 0.5
    assert agreement(ACT, [1.0, 0.0], [0.0, 0.0]).accuracy == 0.5


def test_the_sentence_says_what_is_wrong_with_a_judge() -> None:
    weak = Agreement(ACT, 100, 0.0, 0.3, 0.65, 0.001)
    assert "agrees too little with the acts of 100" in weak.sentence("J")
    assert "not told apart from chance on" in replace(weak, kappa=0.0, p=0.5).sentence("J")
    assert "leaves most open of" in replace(weak, unclear=0.6).sentence("J")


def test_the_row_names_the_task_and_says_whether_the_judge_is_used() -> None:
    assert Agreement(ACT, 100, 0.0, 0.9, 0.95, 0.001).row() == {
        "task": "act", "n": 100, "unclear": 0.0, "kappa": 0.9, "accuracy": 0.95, "p": 0.001, "usable": True
    }  # fmt: skip
