"""A draw for each row from its own seed. That the rows are the right ones is tested in test_generate_seeded.py."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import mlx.core as mx
import pytest

from msm_mlx.engine.keyed_sampler import KeyedSampler


def sampler_of(seeds: dict[int, int], temperature: float = 1.0) -> KeyedSampler:
    """One whose rows have all begun to be written, in the order of their ids."""
    sampler = KeyedSampler(temperature)
    sampler.seeds = seeds
    begun = [SimpleNamespace(uid=uid, end_of_prompt=True) for uid in seeds]
    sampler.after_step(begun, [], [])
    sampler.before_step()
    return sampler


def test_a_row_draws_the_same_whatever_rows_are_beside_it() -> None:
    logprobs = mx.log(mx.full((3, 50), 1 / 50))
    three = cast("list[int]", sampler_of({0: 7, 1: 8, 2: 9})(logprobs).tolist())
    assert len(set(three)) > 1
    for place, seed in enumerate((7, 8, 9)):
        assert sampler_of({5: seed})(logprobs[:1]).tolist() == [three[place]]


def test_each_draw_of_a_row_is_another() -> None:
    sampler, logprobs = sampler_of({0: 7}), mx.log(mx.full((1, 1000), 1 / 1000))
    draws = []
    for _ in range(5):
        sampler.before_step()
        draws.append(sampler(logprobs).item())
        sampler.after_step([], [SimpleNamespace(uid=0, finish_reason=None)], [])
    assert len(set(draws)) > 1


def test_temperature_0_takes_the_likeliest() -> None:
    logprobs = mx.log(mx.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]))
    assert sampler_of({0: 1, 1: 1}, 0.0)(logprobs).tolist() == [1, 0]


def test_another_number_of_rows_than_was_due_is_an_error() -> None:
    with pytest.raises(AssertionError, match="orders its rows in another way"):
        sampler_of({0: 1, 1: 2})(mx.zeros((3, 4)))
