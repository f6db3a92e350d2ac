"""How much longer a run will take: told once something is known of it, and by what its own stages took."""

from __future__ import annotations

import pytest

from msm_mlx.console.time_left import TimeLeft


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def time_left(clock: Clock) -> TimeLeft:
    return TimeLeft(clock)


def test_nothing_is_said_before_anything_is_known(time_left: TimeLeft, clock: Clock) -> None:
    time_left.plan({"midtrain msm-s0": 40})
    assert time_left.of_all() is None
    time_left.begin("midtrain msm-s0", 40)
    clock.now += 5
    assert time_left.of_stage("midtrain msm-s0") is None
    assert time_left.of_all() is None


def test_a_stage_goes_on_at_its_pace_from_its_first_unit_on(time_left: TimeLeft, clock: Clock) -> None:
    time_left.begin("midtrain msm-s0", 40)
    clock.now += 30  # the model is loaded
    time_left.advance("midtrain msm-s0", 1)
    clock.now += 18
    time_left.advance("midtrain msm-s0", 10)
    assert time_left.of_stage("midtrain msm-s0") == pytest.approx(60)
    assert time_left.of_all() == pytest.approx(60)


def test_a_stage_that_has_only_begun_will_take_what_those_of_its_kind_took(time_left: TimeLeft, clock: Clock) -> None:
    time_left.begin("midtrain msm-s0", 40)
    clock.now += 80
    time_left.finish("midtrain msm-s0", 80)
    time_left.begin("midtrain msm-s1", 20)
    clock.now += 10
    assert time_left.of_stage("midtrain msm-s1") == pytest.approx(30)


def test_the_whole_has_the_stages_that_wait_too(time_left: TimeLeft, clock: Clock) -> None:
    time_left.plan({"midtrain a": 40, "midtrain b": 40, "sft a": 35})
    time_left.begin("midtrain a", 40)
    clock.now += 80
    time_left.finish("midtrain a", 80)
    # the second midtraining takes 80 s too; an update of sft usually 12/35 of one of midtraining
    assert time_left.of_all() == pytest.approx(80 + 24)
    assert time_left.waiting == ["midtrain b", "sft a"]
    assert time_left.counts == (1, 3)


def test_stages_that_ran_at_once_will_do_so_again(time_left: TimeLeft, clock: Clock) -> None:
    names = [f"sft {number}" for number in range(6)]
    time_left.plan(dict.fromkeys(names, 10))
    for name in names[:2]:
        time_left.begin(name, 10)
    clock.now += 50
    for name in names[:2]:
        time_left.finish(name, 50)
    assert time_left.of_all() == pytest.approx(100)


def test_it_lasts_no_shorter_than_the_longest_stage(time_left: TimeLeft, clock: Clock) -> None:
    time_left.plan({"sft a": 10, "sft b": 10, "sft c": 40})
    for name in ("sft a", "sft b"):
        time_left.begin(name, 10)
    clock.now += 50
    for name in ("sft a", "sft b"):
        time_left.finish(name, 50)
    assert time_left.of_all() == pytest.approx(200)


def test_what_need_not_run_takes_no_time(time_left: TimeLeft, clock: Clock) -> None:
    time_left.plan({"sft a": 10, "sft b": 10})
    time_left.begin("sft a", 10)
    clock.now += 50
    time_left.finish("sft a", 50)
    time_left.skip("sft b")
    assert time_left.of_all() == 0
