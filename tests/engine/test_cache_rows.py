"""Rows of a cache are those that were read, whichever are taken."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.cache import make_prompt_cache

from msm_mlx.engine.cache_rows import read_prefix, read_rows, take_rows
from msm_mlx.engine.loaded_model import LoadedModel

ROWS = [[5, 9, 2, 7, 1], [8, 3, 3, 4, 6], [1, 2, 3, 4, 5]]


def last_logits(loaded: LoadedModel, ids: list[int]) -> np.ndarray:
    return np.array(loaded.model(mx.array([ids]))[0, -1])


@pytest.mark.parametrize("step", [2, 512])
def test_taken_rows_go_on_as_each_would_alone(step: int, pocket: LoadedModel) -> None:
    cache = read_rows(lambda ids, cache: pocket.model(ids, cache=cache), ROWS, make_prompt_cache(pocket.model), step)
    logits = np.array(pocket.model(mx.array([[6], [6]]), cache=take_rows(cache, [2, 0]))[:, -1])
    np.testing.assert_allclose(logits[0], last_logits(pocket, [*ROWS[2], 6]), atol=1e-3)
    np.testing.assert_allclose(logits[1], last_logits(pocket, [*ROWS[0], 6]), atol=1e-3)


def test_what_is_taken_leaves_the_cache_as_it_was(pocket: LoadedModel) -> None:
    prefix = read_prefix(pocket.model, ROWS[0])
    pocket.model(mx.array([[6, 7]] * 3), cache=take_rows(prefix, [0, 0, 0]))
    assert prefix[0].offset == len(ROWS[0])
    logits = np.array(pocket.model(mx.array([[6]]), cache=prefix)[0, -1])
    np.testing.assert_allclose(logits, last_logits(pocket, [*ROWS[0], 6]), atol=1e-3)


def test_an_empty_cache_has_no_rows_to_take(pocket: LoadedModel) -> None:
    taken = take_rows(make_prompt_cache(pocket.model), [0, 0])
    assert all(layer.empty() for layer in taken)
