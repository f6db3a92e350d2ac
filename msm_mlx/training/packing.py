"""Which rows an update trains on, and how they are packed into arrays.

Both are pure functions of the seed, the number of the update and the rows, so resuming needs no saved state. Packing
decides how the rows of an update share arrays and never which rows those are, so every packing trains on the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from msm_mlx.engine.boundaries import MAX_DOCUMENTS
from msm_mlx.training.tokenize import TokenRow

SAMPLED_UPDATES = 16  # updates over which `choose_layout` compares capacities

PackedRow = list[int]
"""The indices of the rows that share one row of an array, in order."""


@dataclass(frozen=True)
class Layout:
    """The limits and costs that decide how rows are packed."""

    capacity: int
    """Rows are packed together while they fit into this many tokens. Longer rows, and all rows at 0, stand alone."""
    max_positions: int
    """The most positions of a batch, padding included: this bounds the memory of a pass through the model."""
    attention_span: float
    """The width in tokens at which attention costs as much as everything else in the model."""
    pass_cost: float
    """How many positions cost as much as one more pass through the model."""
    granularity: int
    """Widths and counts are multiples of this, so that few array shapes occur."""
    few_shapes: bool = True
    """Whether they are also multiples of an eighth to a quarter of their size: fewer shapes, and more padding."""

    def round_up(self, size: int) -> int:
        """The next width, or count, that is not below `size`."""
        return round_up(size, self.granularity) if self.few_shapes else -(-size // self.granularity) * self.granularity


@dataclass(frozen=True)
class Batch:
    """Packed rows, right-padded, and the positions whose next token is supervised.

    Position t of a packed row predicts the token at t + 1.
    """

    ids: np.ndarray  # (B, T) int32
    segments: np.ndarray | None  # (B, T) int32: which row a position belongs to; None where every row stands alone
    positions: np.ndarray  # (N,) int32 into the flattened ids
    targets: np.ndarray  # (N,) int32
    weights: np.ndarray  # (N,) float32: 1 for a supervised target, 0 for the positions that only round N up

    @property
    def supervised_tokens(self) -> int:
        return int(self.weights.sum())


def batch_rows(count: int, batch_size: int, update: int, seed: int) -> list[int]:
    """The indices, out of `count` rows, of the rows of one update (counted from 0).

    Every epoch goes through all rows in a new order. An update at the end of an epoch runs on into the next.
    """
    positions = range(update * batch_size, (update + 1) * batch_size)
    epochs = {position // count for position in positions}
    orders = {epoch: np.random.default_rng((seed, epoch)).permutation(count) for epoch in epochs}
    return [int(orders[position // count][position % count]) for position in positions]


def round_up(size: int, granularity: int) -> int:
    """The next multiple of `granularity`, or of an eighth to a quarter of `size` where that is more."""
    step = max(granularity, 1 << (size - 1).bit_length() >> 3)
    return -(-size // step) * step


def make_batches(rows: Sequence[TokenRow], layout: Layout) -> list[Batch]:
    """All rows of one update, in as few positions and passes as the layout allows, in order of length."""
    lengths = [max(len(row.ids) - 1, 1) for row in rows]  # the last token is only ever a target
    packed = pack_lengths(lengths, layout.capacity)
    widths = _widths(packed, lengths, layout)
    return [
        _build_batch(rows, [packed[i] for i in group], max(widths[i] for i in group), layout)
        for group in group_widths(widths, layout)
    ]


def pack_lengths(lengths: Sequence[int], capacity: int) -> list[PackedRow]:
    """Best-fit decreasing bin packing: every index is in exactly one packed row."""
    packed: list[PackedRow] = []
    free: list[int] = []  # tokens that still fit into each packed row
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        length = lengths[index]
        candidates = [i for i, space in enumerate(free) if space >= length and len(packed[i]) < MAX_DOCUMENTS - 1]
        if candidates:
            tightest = min(candidates, key=lambda i: free[i])
            packed[tightest].append(index)
            free[tightest] -= length
        else:
            packed.append([index])
            free.append(capacity - length)
    return packed


def group_widths(widths: Sequence[int], layout: Layout) -> list[list[int]]:
    """Which packed rows go through the model together, so that the total cost is least.

    A group of n packed rows costs `n * width * (1 + width / attention_span) + pass_cost`, where `width` is that of its
    widest, and holds at most `max_positions` positions. Solved by dynamic programming over the widths in ascending
    order.
    """
    order = sorted(range(len(widths)), key=lambda i: (widths[i], i))
    best: list[tuple[float, int]] = [(0.0, 0)]  # for the first n packed rows: the cost, and the start of the last group
    for end in range(1, len(order) + 1):
        width = widths[order[end - 1]]
        choices = []
        for start in range(end - 1, -1, -1):
            positions = (end - start) * width
            if positions > layout.max_positions and start < end - 1:
                break
            cost = positions * (1 + width / layout.attention_span) + layout.pass_cost
            choices.append((best[start][0] + cost, start))
        best.append(min(choices))
    groups, end = [], len(order)
    while end:
        start = best[end][1]
        groups.append(order[start:end])
        end = start
    return groups[::-1]


def choose_layout(lengths: Sequence[int], batch_size: int, max_length: int, base: Layout, *, packing: bool) -> Layout:
    """`base` with the capacity that costs least on a sample of these rows; capacity 0 without `packing`."""
    capacities = [0]
    if packing:
        capacities += sorted({base.round_up(max_length >> halvings) for halvings in range(6)})
    sampled_rows = min(len(lengths), SAMPLED_UPDATES * batch_size)
    updates = [lengths[start : start + batch_size] for start in range(0, sampled_rows, batch_size)]
    layouts = [replace(base, capacity=capacity) for capacity in capacities]
    return min(layouts, key=lambda layout: sum(_update_cost(update, layout) for update in updates))


def _update_cost(lengths: Sequence[int], layout: Layout) -> float:
    widths = _widths(pack_lengths(lengths, layout.capacity), lengths, layout)
    cost = 0.0
    for group in group_widths(widths, layout):
        width = max(widths[i] for i in group)
        cost += len(group) * width * (1 + width / layout.attention_span) + layout.pass_cost
    return cost


def _widths(packed: Sequence[PackedRow], lengths: Sequence[int], layout: Layout) -> list[int]:
    return [layout.round_up(sum(lengths[i] for i in indices)) for indices in packed]


def _build_batch(rows: Sequence[TokenRow], packed: Sequence[PackedRow], width: int, layout: Layout) -> Batch:
    ids = np.zeros((len(packed), width), dtype=np.int32)
    segments = np.zeros((len(packed), width), dtype=np.int32)
    positions: list[int] = []
    targets: list[int] = []
    for number, indices in enumerate(packed):
        start = 0
        for segment, index in enumerate(indices):
            row = rows[index]
            length = len(row.ids) - 1
            ids[number, start : start + length] = row.ids[:-1]
            segments[number, start : start + length] = segment
            supervised = [i for i in range(length) if row.supervised[i + 1]]
            positions += [number * width + start + i for i in supervised]
            targets += [row.ids[i + 1] for i in supervised]
            start += length
        segments[number, start:] = len(indices)  # the padding is a segment of its own
    is_packed = any(len(indices) > 1 for indices in packed)
    return _pad_targets(ids, segments if is_packed else None, positions, targets, layout)


def _pad_targets(
    ids: np.ndarray, segments: np.ndarray | None, positions: Sequence[int], targets: Sequence[int], layout: Layout
) -> Batch:
    """The number of targets is rounded up with positions of weight 0, so that few array shapes occur."""
    count = len(positions)
    size = layout.round_up(count) if count else 0
    indices = np.zeros((2, size), dtype=np.int32)
    indices[:, :count] = positions, targets
    weights = np.zeros(size, dtype=np.float32)
    weights[:count] = 1
    return Batch(ids, segments, positions=indices[0], targets=indices[1], weights=weights)
