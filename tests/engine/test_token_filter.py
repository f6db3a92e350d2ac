"""The tokens that may be drawn are those that mlx_lm's and the definitions' filters keep."""

from __future__ import annotations

from typing import cast

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlx_lm.sample_utils import apply_min_p, apply_top_k, apply_top_p

from msm_mlx.engine.keyed_sampler import draw_tokens
from msm_mlx.engine.token_filter import EVERY_TOKEN, TokenFilter

ROWS, VOCABULARY = 5, 60
LOGPROBS = mx.array(np.random.default_rng(0).normal(0, 3, (ROWS, VOCABULARY)).astype(np.float32))
LOGPROBS = LOGPROBS - mx.logsumexp(LOGPROBS, axis=-1, keepdims=True)


def kept(logits: mx.array) -> list[list[bool]]:
    return cast("list[list[bool]]", (logits > -mx.inf).tolist())


@pytest.mark.parametrize("share", [0.3, 0.95])
def test_top_p_and_min_p_keep_what_those_of_mlx_lm_keep(share: float) -> None:
    assert kept(TokenFilter(top_p=share).apply(LOGPROBS)) == kept(apply_top_p(LOGPROBS, share))
    assert kept(TokenFilter(min_p=share).apply(LOGPROBS)) == kept(apply_min_p(LOGPROBS, share))


@pytest.mark.parametrize("count", [20])
def test_top_k_keeps_what_that_of_mlx_lm_keeps(count: int) -> None:
    assert kept(TokenFilter(top_k=count).apply(LOGPROBS)) == kept(apply_top_k(LOGPROBS, count))


def definition(row: list[float], token_filter: TokenFilter) -> set[int]:
    """The tokens that are kept, one filter after another, token by token."""
    order = sorted(range(len(row)), key=lambda token: -row[token])[: token_filter.top_k or None]
    weights = np.exp(np.array(row) - max(row))
    shares = weights[order] / weights[order].sum()
    before = np.cumsum(shares) - shares
    nucleus = [token for token, mass in zip(order, before, strict=True) if mass < token_filter.top_p - 1e-4]
    return {token for token in nucleus or order[:1] if weights[token] >= token_filter.min_p * (1 + 1e-4)}


FILTERS = st.builds(
    TokenFilter,
    top_k=st.integers(0, 50),
    top_p=st.one_of(st.just(1.0), st.floats(0.01, 0.99)),
    min_p=st.one_of(st.just(0.0), st.floats(0.01, 0.99)),
)
DISTINCT = st.lists(st.integers(-400, 400), min_size=30, max_size=30, unique=True).map(
    lambda row: [value / 40 for value in row]
)


@settings(max_examples=60)
@given(rows=st.lists(DISTINCT, min_size=1, max_size=3), token_filter=FILTERS)
def test_filters_follow_one_another_and_leave_the_likeliest_token(
    rows: list[list[float]], token_filter: TokenFilter
) -> None:
    logits = mx.array(rows)
    filtered = token_filter.apply(logits)
    for row, mask, values in zip(rows, kept(filtered), cast("list[list[float]]", filtered.tolist()), strict=True):
        tokens = {token for token, is_kept in enumerate(mask) if is_kept}
        assert row.index(max(row)) in tokens
        assert definition(row, token_filter) <= tokens
        assert all(values[token] == pytest.approx(row[token], abs=1e-5) for token in tokens)
        assert not token_filter.top_k or len(tokens) <= token_filter.top_k
        assert min(row[token] for token in tokens) > max(
            (row[token] for token in range(len(row)) if token not in tokens), default=-mx.inf
        )


def test_every_row_of_a_batch_is_filtered_as_if_it_were_alone() -> None:
    token_filter = TokenFilter(20, 0.9, 0.02)
    together = token_filter.apply(LOGPROBS)
    for i in range(ROWS):
        assert mx.array_equal(token_filter.apply(LOGPROBS[i : i + 1]), together[i : i + 1])


def test_tokens_as_likely_as_the_last_one_kept_stay() -> None:
    logits = mx.array([[1.0, 1.0, 1.0, 0.0]])
    assert kept(TokenFilter(top_k=2).apply(logits)) == [[True, True, True, False]]


def test_without_a_filter_nothing_is_computed() -> None:
    assert EVERY_TOKEN.apply(LOGPROBS) is LOGPROBS


def test_draws_follow_the_distribution_at_the_temperature_among_the_tokens_kept() -> None:
    logits, count, temperature = np.array([2.0, 1.0, 0.0, -1.0, -2.0]), 4000, 0.7
    weights = np.exp(logits / temperature) * np.array([1, 1, 1, 0, 0])
    rows = mx.broadcast_to(mx.array(logits, mx.float32), (count, 5))
    tokens = draw_tokens(rows, [(i, 0) for i in range(count)], temperature, TokenFilter(top_k=3))
    shares = np.bincount(np.array(tokens), minlength=5) / count
    assert shares == pytest.approx(weights / weights.sum(), abs=0.03)


def test_a_filter_leaves_the_draws_of_what_it_would_keep_anyway() -> None:
    draws = [(i, 3) for i in range(ROWS)]
    everything = draw_tokens(LOGPROBS, draws, 1.0)
    assert mx.array_equal(draw_tokens(LOGPROBS, draws, 1.0, TokenFilter(top_p=0.999999)), everything)
