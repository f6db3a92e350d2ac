"""Each epoch sees every row once, in an order that the seed alone decides."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.training.batches import ROUND_TO, batch_rows, make_batch
from msm_mlx.training.rows import Row

quick = settings(max_examples=80, deadline=None, derandomize=True)
sizes = st.integers(1, 12)


@quick
@given(count=sizes, batch_size=sizes, seed=st.integers(0, 2**32 - 1))
def test_each_epoch_sees_every_row_exactly_once(count: int, batch_size: int, seed: int) -> None:
    epochs = 3
    updates = -(-epochs * count // batch_size)
    drawn = [row for update in range(updates) for row in batch_rows(count, batch_size, update, seed)]
    for epoch in range(epochs):
        assert sorted(drawn[epoch * count : (epoch + 1) * count]) == list(range(count))


@quick
@given(count=sizes, batch_size=sizes, seed=st.integers(0, 2**32 - 1), update=st.integers(0, 50))
def test_a_batch_is_a_function_of_seed_and_update(count: int, batch_size: int, seed: int, update: int) -> None:
    before = batch_rows(count, batch_size, update, seed)
    np.random.default_rng(seed).permutation(9)
    batch_rows(count, batch_size, update + 3, seed)
    assert batch_rows(count, batch_size, update, seed) == before
    assert len(before) == batch_size


def test_seeds_and_epochs_have_orders_of_their_own() -> None:
    orders = {tuple(batch_rows(30, 30, epoch, seed)) for epoch in range(3) for seed in range(3)}
    assert len(orders) == 9


rows = st.lists(
    st.lists(st.tuples(st.integers(1, 99), st.booleans()), min_size=1, max_size=40).map(
        lambda pairs: Row(tuple(token for token, _ in pairs), tuple(learned for _, learned in pairs))
    ),
    min_size=1,
    max_size=4,
)


@quick
@given(rows=rows)
def test_a_batch_holds_its_rows_shifted_by_one_and_padding_is_not_learned(rows: list[Row]) -> None:
    batch = make_batch(rows)
    assert batch.inputs.shape == batch.targets.shape == batch.mask.shape
    assert batch.inputs.shape[1] % ROUND_TO == 0
    assert batch.inputs.shape[1] > 0
    assert np.array_equal(batch.inputs[:, 1:], batch.targets[:, :-1])
    for index, row in enumerate(rows):
        length = len(row.ids) - 1
        assert tuple(batch.inputs[index, :length]) == row.ids[:-1]
        assert tuple(batch.targets[index, :length]) == row.ids[1:]
        assert tuple(batch.mask[index, :length]) == row.supervised[1:]
        assert not batch.mask[index, length:].any()
    assert batch.learned_tokens == sum(sum(row.supervised[1:]) for row in rows)
