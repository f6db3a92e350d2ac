"""Each epoch sees every row once in an order that the seed decides, and packing loses and invents no token."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.training.packing import (
    Batch,
    Layout,
    batch_rows,
    choose_layout,
    group_widths,
    make_batches,
    pack_lengths,
    round_up,
)
from msm_mlx.training.tokenize import TokenRow

quick = settings(max_examples=80, derandomize=True)
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
        lambda pairs: TokenRow(tuple(token for token, _ in pairs), tuple(learned for _, learned in pairs))
    ),
    min_size=1,
    max_size=8,
)
layouts = st.builds(
    Layout,
    capacity=st.sampled_from([0, 16, 48, 300]),
    max_positions=st.sampled_from([1, 64, 200, 5000]),
    attention_span=st.sampled_from([20.0, 1e4]),
    pass_cost=st.sampled_from([0.0, 50.0]),
    granularity=st.sampled_from([1, 8, 64]),
)


def pieces(batch: Batch) -> list[tuple[tuple[int, ...], dict[int, int]]]:
    """The inputs of every row in a batch, and what is learned at which place of it."""
    learned = {int(p): int(t) for p, t, w in zip(batch.positions, batch.targets, batch.weights, strict=True) if w}
    found = []
    width = batch.ids.shape[1]
    for line, ids in enumerate(batch.ids):
        marks = batch.segments[line] if batch.segments is not None else np.where(ids > 0, 0, 1)
        for segment in range(int(marks.max()) + 1):
            (places,) = np.nonzero(marks == segment)
            inputs = tuple(int(token) for token in ids[places])
            if any(inputs):  # the tests' rows have no token 0, which is what padding is
                flat = [line * width + int(place) for place in places]
                found.append((inputs, {i: learned.pop(at) for i, at in enumerate(flat) if at in learned}))
    assert not learned
    return found


@quick
@given(rows=rows, layout=layouts)
def test_packing_loses_and_invents_no_token(rows: list[TokenRow], layout: Layout) -> None:
    batches = make_batches(rows, layout)
    found = sorted((piece for batch in batches for piece in pieces(batch)), key=repr)
    expected = [
        (row.ids[:-1], {i: row.ids[i + 1] for i in range(len(row.ids) - 1) if row.supervised[i + 1]})
        for row in rows
        if len(row.ids) > 1
    ]
    assert found == sorted(expected, key=repr)
    assert sum(batch.supervised_tokens for batch in batches) == sum(sum(row.supervised[1:]) for row in rows)


@quick
@given(rows=rows, layout=layouts)
@pytest.mark.slow
def test_no_batch_is_larger_than_asked_unless_one_packed_row_is(rows: list[TokenRow], layout: Layout) -> None:
    for batch in make_batches(rows, layout):
        assert batch.ids.size <= layout.max_positions or len(batch.ids) == 1
        assert batch.ids.shape[1] % layout.granularity == 0
        assert batch.segments is None or batch.segments.shape == batch.ids.shape
        assert len(batch.positions) == len(batch.targets) == len(batch.weights)


@quick
@given(lengths=st.lists(st.integers(1, 50), min_size=1, max_size=30), capacity=st.integers(0, 100))
def test_packed_rows_hold_every_row_once_and_no_more_than_fits(lengths: list[int], capacity: int) -> None:
    packed = pack_lengths(lengths, capacity)
    assert sorted(index for indices in packed for index in indices) == list(range(len(lengths)))
    assert all(len(indices) == 1 or sum(lengths[i] for i in indices) <= capacity for indices in packed)


@quick
@given(widths=st.lists(st.integers(1, 60), min_size=1, max_size=7), layout=layouts)
def test_packed_rows_are_grouped_at_the_least_cost(widths: list[int], layout: Layout) -> None:
    order = sorted(range(len(widths)), key=lambda i: (widths[i], i))

    def cost(group: list[int]) -> float:
        width = max(widths[i] for i in group)
        return len(group) * width * (1 + width / layout.attention_span) + layout.pass_cost

    def allowed(group: list[int]) -> bool:
        return len(group) == 1 or len(group) * max(widths[i] for i in group) <= layout.max_positions

    options = []
    for cuts in range(1 << (len(order) - 1)):
        groups = [[order[0]]]
        for at, index in enumerate(order[1:]):
            if cuts >> at & 1:
                groups.append([index])
            else:
                groups[-1].append(index)
        if all(allowed(group) for group in groups):
            options.append(sum(map(cost, groups)))
    assert abs(sum(map(cost, group_widths(widths, layout))) - min(options)) < 1e-6


@quick
@given(size=st.integers(1, 5000), granularity=st.sampled_from([1, 8, 64]))
def test_sizes_are_rounded_up_by_little(size: int, granularity: int) -> None:
    assert size <= round_up(size, granularity) < size + max(granularity, size / 4 + 1)
    assert round_up(round_up(size, granularity), granularity) == round_up(size, granularity)


def test_where_shapes_may_be_many_widths_are_rounded_by_the_granularity_alone() -> None:
    layout = Layout(0, 4096, attention_span=1e4, pass_cost=16.0, granularity=8)
    assert [layout.round_up(size) for size in (1, 253, 256, 257)] == [8, 256, 256, 320]
    assert [replace(layout, few_shapes=False).round_up(size) for size in (1, 253, 256, 257)] == [8, 256, 256, 264]


def test_the_layout_is_what_costs_least() -> None:
    base = Layout(0, 4096, attention_span=1e4, pass_cost=16.0, granularity=8)
    mixed = [30, 40, 500, 20, 60, 35, 25, 480] * 4
    assert choose_layout(mixed, 8, 512, base, packing=True).capacity == 512
    assert choose_layout(mixed, 8, 512, base, packing=False).capacity == 0
    # where attention is dear, short rows are cheaper by themselves
    dear = Layout(0, 4096, attention_span=20.0, pass_cost=0.0, granularity=8)
    assert choose_layout([32] * 16, 16, 512, dear, packing=True).capacity < 64
