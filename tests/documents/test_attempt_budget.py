"""How long a writer is tried."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.documents.attempt_budget import AttemptBudget


def tries(first_kept: int, first_rejected: int, later_rejected: int = 0) -> AttemptBudget:
    made = AttemptBudget()
    for kept in [True] * first_kept + [False] * first_rejected:
        made.add(1, kept=kept)
    for _ in range(later_rejected):
        made.add(2, kept=False)
    return made


@pytest.mark.parametrize(
    ("made", "limit"),
    [
        (AttemptBudget(), 30),
        (tries(10, 0), 30),
        (tries(5, 5), 60),
        (tries(1, 9), 300),
        (tries(0, 10), 600),  # as if the least of all writers
        (tries(9, 1, later_rejected=80), 33),  # a document that never succeeds gets no more for it
    ],
)
def test_the_limit_follows_the_pass_rate(made: AttemptBudget, limit: int) -> None:
    assert made.limit(10, 3.0, 0.05) == limit


@pytest.mark.parametrize(
    ("made", "hopeless"),
    [(AttemptBudget(), False), (tries(0, 76), False), (tries(0, 77), True), (tries(1, 100), False),
     (tries(1, 400), True), (tries(50, 50), False)],
)  # fmt: skip
def test_a_writer_is_hopeless_when_that_is_sure(made: AttemptBudget, hopeless: bool) -> None:
    assert made.hopeless(0.05) is hopeless


@given(kept=st.integers(0, 50), rejected=st.integers(0, 50), least=st.floats(0.01, 1), wanted=st.integers(1, 99))
def test_there_is_an_end_and_a_good_writer_is_never_hopeless(
    kept: int, rejected: int, least: float, wanted: int
) -> None:
    made = tries(kept, rejected)
    assert wanted * 2 - 1 <= made.limit(wanted, 2.0, least) <= wanted * 2 / least + 1
    if kept and kept / (kept + rejected) > least:
        assert not made.hopeless(least)
